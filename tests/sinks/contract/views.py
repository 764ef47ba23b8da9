"""What the read views promise: what is current, and no row twice, whatever was inserted how often in whatever order."""

from __future__ import annotations

import json
from itertools import chain as flat
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suyuan.domain.chain.divisions import registering_division
from suyuan.sinks.loader import Loader
from suyuan.sinks.table_sink import TableSink
from tests.sinks.conftest import emptied
from tests.sinks.memory_log import MemoryLog
from tests.sinks.rows import (
    FORMER_CHAIN,
    NOW,
    PLATFORM,
    alert,
    apart,
    block,
    chain,
    dead_letter,
    events,
    former_chains,
    listing,
    node,
)

few = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
versions = st.tuples(st.integers(0, 3), st.integers(1, 3), st.sampled_from([1, 2, (1 << 40) + 1, (2 << 40) + 1]))
deliveries = st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 1), st.integers(0, 3))
serial = count()


def load(clickhouse, topic, *blocks):
    """Each block in an insert of its own."""
    for each in blocks:
        log = MemoryLog(partitions=1)
        log.append(topic, 0, *[None] * next(serial), each)
        Loader(log, TableSink(clickhouse.writer)).drain()


FORMS = pytest.mark.parametrize("form", ["former", "apart"])
"""of chains: with their nodes and hops, as a former version wrote them, and apart from them"""


def load_chains(clickhouse, form, *chains):
    """Each by inserts of its own."""
    for each in chains:
        if form == "former":
            load(clickhouse, "chain", former_chains(each))
        else:
            parties, said = apart(each)
            load(clickhouse, "chain.parties", parties)
            load(clickhouse, "chain", said)


def rows(clickhouse, query):
    return clickhouse.writer.query(query).result_rows


class ViewsContract:
    @few
    @given(inserted=st.lists(st.lists(versions, min_size=1, max_size=5), min_size=1, max_size=4))
    def test_the_current_chain_is_the_one_of_the_greatest_version(self, clickhouse, inserted):
        emptied(clickhouse)
        load(clickhouse, "chain", *(block("chain", *(chain(*version) for version in some)) for some in inserted))
        current = {}
        for number, *version in flat(*inserted):
            current[f"l{number}"] = max(current.get(f"l{number}", ()), tuple(version))
        found = rows(clickhouse, "SELECT listing_id, revision, assessment FROM chain_current ORDER BY listing_id")
        assert found == [(name, *version) for name, version in sorted(current.items())]
        whole = rows(clickhouse, "SELECT listing_id, revision, assessment FROM chain_whole ORDER BY listing_id")
        assert whole == found

    @few
    @given(inserted=st.lists(st.lists(deliveries, min_size=1, max_size=5), min_size=1, max_size=4))
    def test_an_event_shows_once_however_often_it_came(self, clickhouse, inserted):
        emptied(clickhouse)
        blocks = []
        for some in inserted:
            said = [
                listing(number) | {"event_id": f"e{event}", "source_partition": partition, "source_offset": offset}
                for number, event, partition, offset in some
            ]
            blocks.append(events("listing", *said))
        load(clickhouse, "event.listing", *blocks)
        found = rows(clickhouse, "SELECT listing_id, event_id FROM event_listing_v ORDER BY ALL")
        assert found == sorted({(f"l{number}", f"e{event}") for number, event, _, _ in flat(*inserted)})

    @few
    @given(inserted=st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 4)), min_size=1, max_size=8))
    def test_alerts_stand_as_last_said_and_every_change_shows_once(self, clickhouse, inserted):
        emptied(clickhouse)
        load(clickhouse, "alert.state", *(block("alert_state", alert(*change)) for change in inserted))
        found = rows(clickhouse, "SELECT alert_id, sequence FROM alert_current ORDER BY ALL")
        assert found == sorted({name: max(s for n, s in inserted if n == name) for name, _ in inserted}.items())
        assert rows(clickhouse, "SELECT alert_id, sequence FROM alert_log ORDER BY ALL") == sorted(set(inserted))

    def test_the_current_record_is_the_one_with_the_greatest_time_then_event_id(self, clickhouse):
        said = [("b", NOW, "first"), ("c", NOW, "second"), ("a", NOW + 1, "latest"), ("z", NOW - 1, "late")]
        said = [
            {"code": "E", "name": name, "status": "active", "event_id": event, "occurred_at": at}
            for event, at, name in said
        ]
        load(clickhouse, "event.entity", events("entity", *said[:2]))
        assert rows(clickhouse, "SELECT code, name FROM current_entity") == [("E", "second")]
        load(clickhouse, "event.entity", events("entity", *said[2:], first=2))
        assert rows(clickhouse, "SELECT code, name FROM current_entity") == [("E", "latest")]

    def test_a_repeat_does_not_become_the_current_record(self, clickhouse):
        said = [{"code": "E", "name": "as accepted", "status": "active", "event_id": "e"}]
        said.append(said[0] | {"name": "said again otherwise", "occurred_at": NOW + 5, "outcome": "duplicate"})
        load(clickhouse, "event.entity", events("entity", *said))
        assert rows(clickhouse, "SELECT name FROM current_entity") == [("as accepted",)]

    def test_dead_letters_show_once(self, clickhouse):
        letters = block("dead_letter", dead_letter("in.lot", 0, 1), dead_letter("in.lot", 1, 1))
        load(clickhouse, "dead_letter", letters, letters)
        assert rows(clickhouse, "SELECT source_partition FROM dead_letter_v ORDER BY ALL") == [(0,), (1,)]

    @FORMS
    def test_parts_of_a_chain_are_those_of_the_current_one(self, clickhouse, form):
        hop = {
            "shipment_id": "S1",
            "from_code": "A",
            "to_code": "H",
            "quantity": 5,
            "shipped_at": NOW,
            "evidence": "A/s1",
        }
        gap = {"gap": "uninspected", "class": "unverified", "subject": "L", "detail": None, "evidence": ["A/e"]}
        parts = {
            "nodes": [node("platform", PLATFORM), node("seller", "S", name="卖家")],
            "hops": [hop],
            "gaps": [gap],
            "gap_names": ["uninspected"],
        }
        old = chain(1, gaps=[gap | {"gap": "lot_unknown"}] * 2, hops=[hop] * 3, nodes=[node("seller", "old")])
        load_chains(clickhouse, form, old, chain(1, revision=2, **parts))
        assert rows(clickhouse, "SELECT gap, class, subject, evidence FROM chain_gap") == [
            ("uninspected", "unverified", "L", ["A/e"])
        ]
        assert rows(clickhouse, "SELECT shipment_id, quantity, position FROM chain_hop") == [("S1", 5, 1)]
        assert rows(clickhouse, "SELECT role, id, name FROM chain_node ORDER BY position") == [
            ("platform", PLATFORM, None),
            ("seller", "S", "卖家"),
        ]

    def test_views_of_whole_chains_have_the_columns_that_they_had(self, clickhouse):
        described = [name for name, *_ in rows(clickhouse, "DESCRIBE chain_whole")]
        former = [field["name"] for field in json.loads(FORMER_CHAIN.read_bytes())["fields"]]
        assert described == [*former, "version"]

    def test_a_chain_is_there_before_its_parties_are(self, clickhouse):
        parties, said = apart(chain(1, nodes=[node("seller", "S")]))
        load(clickhouse, "chain", said)
        assert rows(clickhouse, "SELECT listing_id, nodes, hops FROM chain_whole") == [("l1", [], [])]
        load(clickhouse, "chain.parties", parties, parties)
        assert rows(clickhouse, "SELECT listing_id, length(nodes) FROM chain_whole") == [("l1", 2)]

    def test_the_node_of_a_platform_is_that_of_its_code(self, clickhouse):
        for number, code in enumerate(("91330106MA20000017", "91330106MA2000001O", "9133", "x91330106MA20000017")):
            load_chains(clickhouse, "apart", chain(number, platform_code=code))
            found = rows(clickhouse, f"SELECT id, division FROM chain_node WHERE listing_id = 'l{number}'")  # noqa: S608
            assert found == [(code, registering_division(code))]

    @FORMS
    def test_holders_and_platforms_are_named_by_their_own_records(self, clickhouse, form):
        entities = [
            {"code": code, "name": f"名{code}", "status": "abnormal", "division": "330106"} for code in ("H", "S")
        ]
        load(clickhouse, "event.entity", events("entity", *entities))
        nodes = [node("platform", PLATFORM), node("seller", "S", status="unregistered"), node("holder", "H")]
        load_chains(clickhouse, form, chain(1, nodes=nodes))
        found = rows(clickhouse, "SELECT role, name, status, division, evidence FROM chain_node ORDER BY position")
        assert found == [
            ("platform", None, None, None, None),
            ("seller", None, "unregistered", None, None),
            ("holder", "名H", "abnormal", "330106", f"{entity_event(0)}"),
        ]

    def test_of_an_erased_note_nobody_is_shown_more_and_the_table_loses_it_with_the_next_merge(self, clickhouse):
        stands = {"note_id": "n2", "text": "另一条", "salt": "00", "author": "li", "written_at": NOW}
        wrote = stands | {"note_id": "n1", "text": "要删除的", "alert_id": "5f" * 16}
        gone = {"note_id": "n1", "erased_at": NOW + 5}
        load(clickhouse, "in.note", block("note", wrote, stands), block("note", gone), block("note", wrote))
        shown = "SELECT note_id, text, author, toUnixTimestamp64Milli(erased_at) FROM note_v ORDER BY note_id"
        left = [("n1", None, None, NOW + 5), ("n2", "另一条", "li", None)]
        assert clickhouse.writer.query(shown).result_rows == left
        ask = "SELECT count() FROM note WHERE text = '要删除的'"
        assert clickhouse.writer.query(ask).result_rows[0][0] == 2
        made = clickhouse.writer.query("SHOW CREATE TABLE note").result_rows[0][0]
        assert "min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1" in made
        clickhouse.writer.command("OPTIMIZE TABLE note FINAL")
        assert clickhouse.writer.query(ask).result_rows[0][0] == 0
        assert clickhouse.writer.query(shown).result_rows == left


def entity_event(number):
    return f"entity/91330106MA20000017/entity-{number}~01234567"
