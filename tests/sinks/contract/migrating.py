"""What is promised of the database's schema."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from suyuan.access.scope import EVERYTHING
from suyuan.queries import sql
from suyuan.queries.hops import NodeKey, hop
from suyuan.sinks.errors import MigrationError
from suyuan.sinks.migrations import Migration, migrate, migrations
from suyuan.sinks.readers import select
from suyuan.sinks.tables import TARGETS
from tests.sinks.contract.views import load, load_chains
from tests.sinks.rows import (
    FORMER_CHAIN,
    GTIN,
    MAKER,
    NOW,
    PLATFORM,
    SELLER,
    block,
    chain,
    chain_hop,
    events,
    former_chains,
    listing,
    lot,
    node,
)


def objects(clickhouse):
    query = "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase()"
    return dict(clickhouse.writer.query(query).result_rows)


class ByWriter:
    """Tables of the writer's database."""

    def __init__(self, writer):
        self._writer = writer

    def select(self, statement, parameters=None):
        return select(self._writer, statement, parameters)


def await_mutations(clickhouse):
    """Until what is done to rows in the background is done."""
    deadline = time.monotonic() + 60
    waiting = "SELECT count() FROM system.mutations WHERE database = currentDatabase() AND NOT is_done"
    while clickhouse.writer.query(waiting).result_rows != [(0,)]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def indexed(clickhouse):
    """The filters that hold something of the rows there are."""
    query = """
        SELECT table, name FROM system.data_skipping_indices
        WHERE database = currentDatabase() AND name IN ('by_gtin', 'by_seller_code', 'by_input')
            AND table IN ('chain', 'event_lot') AND data_compressed_bytes > 0
    """
    return set(clickhouse.writer.query(query).result_rows)


class MigratingContract:
    def test_a_second_time_does_nothing(self, clickhouse):
        before = objects(clickhouse)
        assert migrate(clickhouse.writer) == []
        assert objects(clickhouse) == before

    def test_only_what_is_new_is_applied(self, empty):
        one = Migration(1, "one", "CREATE TABLE ${x}a (n Int64) ENGINE = MergeTree ORDER BY n;\n")
        two = Migration(
            2, "two", "-- says; something\nCREATE TABLE b (n Int64) ENGINE = MergeTree ORDER BY n;\nDROP TABLE a;\n"
        )
        words = {"replacing": "ReplacingMergeTree", "x": ""}
        assert migrate(empty.writer, [one], words) == [1]
        assert migrate(empty.writer, [one, two], words) == [2]
        assert objects(empty).keys() == {"migration", "b"}

    def test_a_death_before_the_record_is_mended_by_the_next_start(self, empty):
        statements = migrations()[0].text
        with pytest.raises(Exception, match="nonsense"):
            migrate(empty.writer, [Migration(1, "events", statements + "\nnonsense;\n")])
        assert migrate(empty.writer, migrations()) == [migration.number for migration in migrations()]

    def test_a_newer_database_is_refused_and_left_alone(self, clickhouse):
        known = migrations()
        before = objects(clickhouse)
        with pytest.raises(
            MigrationError, match=f"has migration {known[-1].number}, this version knows {len(known) - 1}"
        ):
            migrate(clickhouse.writer, known[:-1])
        assert objects(clickhouse) == before

    def test_a_changed_old_migration_is_refused(self, clickhouse):
        known = migrations()
        known[1] = replace(known[1], text=known[1].text + "-- changed\n")
        known.append(Migration(len(known) + 1, "more", "CREATE TABLE more (n Int64) ENGINE = MergeTree ORDER BY n;\n"))
        with pytest.raises(MigrationError, match=r"migration 2 \(chains\)"):
            migrate(clickhouse.writer, known)
        assert "more" not in objects(clickhouse)

    def test_what_was_loaded_before_is_found_by_its_numbers_and_names(self, empty):
        before = [migration for migration in migrations() if migration.number < 10]
        migrate(empty.writer, before)
        load(empty, "event.listing", events("listing", listing(1, gtin=GTIN, lot="L1"), listing(2, lot="L1")))
        load(empty, "event.entity", events("entity", {"code": SELLER, "name": "桂花坊"}))
        assert 10 in migrate(empty.writer)
        load(empty, "event.listing", events("listing", listing(3, lot="L1"), first=5))
        found = empty.writer.query(
            "SELECT subject FROM identifier WHERE identifier = 'L1' ORDER BY subject"
        ).result_rows
        assert found == [(f"{PLATFORM}\x1fl{number}",) for number in (1, 2, 3)]
        sold = "SELECT count() FROM identifier WHERE identifier = {code:String} AND kind = 'listing'"
        assert empty.writer.query(sold, parameters={"code": SELLER}).result_rows == [(3,)]
        names = empty.writer.query("SELECT kind, folded FROM name FINAL ORDER BY subject").result_rows
        assert sorted(set(names)) == [("entity", "桂花坊"), ("listing", "绿茶")]

    def test_what_was_loaded_before_is_in_indices_that_came_later(self, empty):
        migrate(empty.writer, [migration for migration in migrations() if migration.number < 11])
        offer = {"producer_code": MAKER, "gtin": GTIN}
        load(empty, "chain", former_chains(chain(1, lot="L1", **offer), chain(2, **offer), chain(3)))
        load(empty, "event.lot", events("lot", lot("L1"), lot("L2", "L1")))
        assert 11 in migrate(empty.writer)
        await_mutations(empty)
        assert indexed(empty) == {("chain", "by_gtin"), ("chain", "by_seller_code"), ("event_lot", "by_input")}
        load(empty, "chain", block("chain", chain(4, lot="L1", **offer)))
        found = hop(ByWriter(empty.writer), EVERYTHING, NodeKey("lot", (MAKER, GTIN, "L1")), "forward")
        assert {(edge.kind, edge.target) for edge in found.edges} == {
            ("input", f"lot:{MAKER}/{GTIN}/L2"),
            ("holds", f"holding:{MAKER}/{GTIN}/L1/{MAKER}"),
            ("certain", f"listing:{PLATFORM}/l1"),
            ("certain", f"listing:{PLATFORM}/l4"),
            ("possible", f"listing:{PLATFORM}/l2"),
        }

    def test_chains_that_were_loaded_before_keep_what_they_rest_on(self, empty):
        """In tables and in topics: their versions too, which are read beside those that came later."""
        migrate(empty.writer, [migration for migration in migrations() if migration.number < 13])
        sent = chain_hop()
        parts = {"nodes": [node("platform", PLATFORM), node("lot", "L1", evidence="lot/A/1~01234567")], "hops": [sent]}
        said = former_chains(chain(1, **parts), chain(2, verdict="broken", **parts))
        columns = [field["name"] for field in json.loads(FORMER_CHAIN.read_bytes())["fields"]]
        empty.writer.raw_insert("chain_history", columns, insert_block=said, fmt="Avro")
        assert 13 in migrate(empty.writer)
        tables = ByWriter(empty.writer)
        before = sql.chain(tables, EVERYTHING, PLATFORM, "l1")
        assert [each["role"] for each in before["nodes"]] == ["platform", "lot"]
        assert [each["shipment_id"] for each in before["hops"]] == ["S"]
        load_chains(empty, "former", chain(1, assessment=2, received_at=NOW + 1, **parts))
        load_chains(empty, "apart", chain(1, assessment=3, received_at=NOW + 2, **parts))
        for known in (None, NOW, NOW + 1, NOW + 2):
            found = sql.chain(tables, EVERYTHING, PLATFORM, "l1", known)
            assert {name: found[name] for name in parts} == {name: before[name] for name in parts}
        whole = "SELECT listing_id, assessment, length(nodes), length(hops) FROM chain_whole ORDER BY listing_id"
        assert empty.writer.query(whole).result_rows == [("l1", 3, 2, 1), ("l2", 1, 2, 1)]
        current = "SELECT listing_id, verdict FROM chain_current ORDER BY listing_id"
        assert empty.writer.query(current).result_rows == [("l1", "complete"), ("l2", "broken")]

    def test_tables_that_were_there_before_are_merged_as_new_ones_are(self, empty):
        migrate(empty.writer, [migration for migration in migrations() if migration.number < 14])
        load(empty, "event.listing", events("listing", listing(1, lot="L1")))
        assert 14 in migrate(empty.writer)
        load(empty, "event.listing", events("listing", listing(2, lot="L1"), first=5))
        made = objects(empty)
        for table in ("event_listing", "identifier", "name", "chain_history"):
            assert "merge_selector_base = 16" in made[table]
        found = "SELECT subject FROM identifier WHERE identifier = 'L1' ORDER BY subject"
        assert empty.writer.query(found).result_rows == [(f"{PLATFORM}\x1fl{number}",) for number in (1, 2)]

    @pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.topic)
    def test_tables_hold_all_that_blocks_bring(self, clickhouse, target):
        columns = {row[0] for row in clickhouse.writer.query(f"DESCRIBE {target.name}").result_rows}
        assert set(target.columns) <= columns
