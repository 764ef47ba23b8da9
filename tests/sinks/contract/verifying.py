"""What the verifier's figures say."""

from __future__ import annotations

import pytest

from suyuan.sinks.loader import Loader
from suyuan.sinks.migrations import PLACEHOLDERS, migrations
from suyuan.sinks.table_sink import TableSink
from suyuan.sinks.verifier import Snapshot, Verifier
from tests.sinks.contract.views import load
from tests.sinks.memory_log import HOLE
from tests.sinks.rows import alert, block, chain, dead_letter, events, listing


def verify(clickhouse, log, inputs, verifier=None, **options):
    """`inputs`: all of them were published."""
    for at, (_, committed) in inputs.items():
        log.append(*at, *[b"event"] * (committed - log.end_offsets()[at]))
    return (verifier or verifier_of(clickhouse, log)).verify(Snapshot.take(log, inputs), **options)


def verifier_of(clickhouse, log, **options):
    return Verifier(clickhouse, log, lambda: log, **options)


class VerifyingContract:
    @pytest.fixture
    def views(self, clickhouse):
        """May be replaced by the test."""
        yield
        for migration in migrations():
            for statement in migration.statements(PLACEHOLDERS):
                if "CREATE OR REPLACE VIEW" in statement:
                    clickhouse.writer.command(statement)

    def test_accepted_duplicate_and_dead_offsets_all_count(self, clickhouse, log):
        load(clickhouse, "event.listing", events("listing", listing(1), listing(2) | {"outcome": "duplicate"}))
        load(clickhouse, "event.listing", events("listing", listing(3), partition=1, first=5))
        load(
            clickhouse,
            "dead_letter",
            block("dead_letter", dead_letter("in.listing", 0, 2), dead_letter("in.lot", 0, 3)),
        )
        found = verify(clickhouse, log, {("in.listing", 0): (0, 3), ("in.listing", 1): (5, 6), ("in.lot", 0): (3, 4)})
        assert (found.gap, found.duplicates, found.lag) == (0, 0, 0)

    def test_what_is_nowhere_is_counted_and_named(self, clickhouse, log):
        load(clickhouse, "event.listing", events("listing", listing(1)), events("listing", listing(2), first=3))
        load(clickhouse, "event.listing", events("listing", listing(3), partition=1))
        found = verify(clickhouse, log, {("in.listing", 0): (0, 5), ("in.listing", 1): (0, 1), ("in.lot", 0): (0, 2)})
        assert found.gap_by_topic == {"in.listing": 3, "in.lot": 2}
        assert [(gap.partition, gap.missing) for gap in found.partitions if gap.topic == "in.listing"] == [
            (0, (1, 2, 4)),
            (1, ()),
        ]

    def test_offsets_beyond_the_committed_do_not_make_up_for_missing_ones(self, clickhouse, log):
        load(clickhouse, "event.listing", events("listing", listing(1), listing(2), first=1))
        assert verify(clickhouse, log, {("in.listing", 0): (0, 2)}).gap == 1

    def test_repeats_neither_hide_a_gap_nor_count_as_duplicates(self, clickhouse, log):
        one = events("listing", listing(1))
        load(clickhouse, "event.listing", one, one)
        load(clickhouse, "chain", *[block("chain", chain(1))] * 2)
        load(clickhouse, "alert.state", *[block("alert_state", alert("a"))] * 2)
        found = verify(clickhouse, log, {("in.listing", 0): (0, 2)}, full=True)
        assert (found.gap, found.duplicates) == (1, 0)

    @pytest.mark.usefixtures("views")
    def test_a_view_that_shows_a_row_twice_is_noticed(self, clickhouse, log):
        load(
            clickhouse,
            "chain",
            block("chain", chain(1)),
            block("chain", chain(1, revision=2)),
            block("chain", chain(2)),
        )
        clickhouse.writer.command("CREATE OR REPLACE VIEW chain_current AS SELECT * FROM chain_history")
        assert verify(clickhouse, log, {}, full=True).duplicates_by_view["chain_current"] == 1
        verifier = verifier_of(clickhouse, log, round=4)
        each_time = [verify(clickhouse, log, {}, verifier).duplicates for _ in range(4)]
        assert sum(each_time) == 1

    def test_what_was_complete_is_counted_again_after_a_while(self, clickhouse, log):
        verifier = verifier_of(clickhouse, log, round=4)
        load(clickhouse, "event.listing", events("listing", listing(1), listing(2)))
        inputs = {("in.listing", 0): (0, 2)}
        assert verify(clickhouse, log, inputs, verifier).gap == 0
        clickhouse.writer.command("DELETE FROM event_listing WHERE source_offset = 1")
        assert [verify(clickhouse, log, inputs, verifier).gap for _ in range(4)] == [0, 0, 0, 1]
        assert verify(clickhouse, log, inputs, verifier, full=True).gap == 1

    def test_what_no_event_was_at_is_not_missing(self, clickhouse, log):
        """A transaction's end takes an offset, and so does what was broken off."""
        log.append("in.listing", 0, b"event", HOLE, b"event", HOLE, HOLE, b"event", HOLE)
        load(clickhouse, "event.listing", events("listing", listing(1)), events("listing", listing(2), first=2))
        inputs, verifier = {("in.listing", 0): (0, 7)}, verifier_of(clickhouse, log, round=3)
        for _ in range(4):
            found = verify(clickhouse, log, inputs, verifier)
            assert (found.gap, [gap.missing for gap in found.partitions]) == (1, [(5,)])
        load(clickhouse, "event.listing", events("listing", listing(3), first=5))
        assert [verify(clickhouse, log, inputs, verifier).gap for _ in range(4)] == [0, 0, 0, 0]
        clickhouse.writer.command("DELETE FROM event_listing WHERE source_offset = 0")
        assert verify(clickhouse, log, inputs, verifier, full=True).gap == 1

    def test_says_how_far_the_loader_is_behind(self, clickhouse, log):
        log.append("event.listing", 0, events("listing", listing(1)), events("listing", listing(2), first=1))
        loader = Loader(log, TableSink(clickhouse.writer))
        log.append("in.listing", 0, b"event", b"event")
        snapshot = Snapshot.take(log, {("in.listing", 0): (0, 2)})
        assert verifier_of(clickhouse, log).verify(snapshot).lag == 2
        assert not snapshot.is_loaded(log)
        loader.drain()
        log.append("event.listing", 0, events("listing", listing(3), first=2))
        assert snapshot.is_loaded(log)
        assert verifier_of(clickhouse, log).verify(snapshot).gap == 0
