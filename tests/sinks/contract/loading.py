"""What the loader promises, whatever dies when."""

from __future__ import annotations

import queue
import threading
import zlib

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError

from suyuan.sinks.attempts import BackOff
from suyuan.sinks.batch_reader import Size
from suyuan.sinks.errors import LoaderError
from suyuan.sinks.loader import Loader
from suyuan.sinks.table_sink import TableSink
from suyuan.sinks.tables import GROUP, TARGETS
from tests.sinks.clients import Faulty
from tests.sinks.memory_log import KilledError
from tests.sinks.rows import alert, block, chain, dead_letter, events, listing

AT_ONCE = BackOff(first=0.0, longest=0.0)


def count(clickhouse, table):
    """Rows as stored, before any merge or view folds them."""
    return clickhouse.writer.query(f"SELECT count() FROM {table}").result_rows[0][0]  # noqa: S608 - tables of our own


def one_batch(log, rows=3):
    log.append("event.listing", 0, events("listing", *map(listing, range(rows))))


class LoadingContract:
    def test_every_topic_reaches_its_tables(self, clickhouse, log):
        log.append("event.listing", 0, events("listing", listing(1), listing(2)))
        log.append("event.listing", 1, events("listing", listing(3), partition=1))
        log.append("event.entity", 1, events("entity", {"code": "E", "name": "名", "status": "active"}))
        log.append("chain", 0, block("chain", chain(1), chain(2)))
        log.append("alert.state", 1, block("alert_state", alert("a")))
        log.append("dead_letter", 0, block("dead_letter", dead_letter("in.listing", 0, 7)))
        loader = Loader(log, TableSink(clickhouse.writer))
        assert loader.drain() == 8
        tables = (
            "event_listing",
            "event_entity",
            "chain_history",
            "chain",
            "alert_state_history",
            "alert_state",
            "dead_letter",
        )
        assert [count(clickhouse, table) for table in tables] == [3, 1, 2, 2, 1, 1, 1]
        assert not any(loader.lag().values())
        assert log.committed(GROUP, "event.listing", 1) == (1, "")

    def test_small_blocks_of_all_partitions_share_one_insert(self, clickhouse, log):
        for number in range(30):
            log.append("event.listing", number % 2, events("listing", listing(number), first=number))
        client = Faulty(clickhouse.writer)
        Loader(log, TableSink(client)).drain()
        assert len(client.tokens) == 1
        assert count(clickhouse, "event_listing") == 30

    def test_an_insert_leaves_rows_of_one_key_to_merges_and_readers(self, clickhouse, log):
        log.append("chain", 0, block("chain", chain(1, assessment=2), chain(1, assessment=3), chain(2)))
        assert Loader(log, TableSink(clickhouse.writer)).drain() == 3
        assert count(clickhouse, "chain") == 3
        shown = "SELECT listing_id, assessment FROM chain_current ORDER BY listing_id"
        assert clickhouse.writer.query(shown).result_rows == [("l1", 3), ("l2", 1)]
        clickhouse.writer.command("OPTIMIZE TABLE chain FINAL")
        assert count(clickhouse, "chain") == 2

    def test_a_batch_ends_at_its_size(self, clickhouse, log):
        for number in range(10):
            log.append("event.listing", 0, events("listing", listing(number), listing(number + 100), first=2 * number))
        client = Faulty(clickhouse.writer)
        Loader(log, TableSink(client), size=Size(rows=4, bytes=1 << 20)).drain()
        assert len(client.tokens) == 5
        assert count(clickhouse, "event_listing") == 20

    def test_rows_wait_for_others_but_not_long(self, clickhouse, log):
        now = [0.0]
        one_batch(log)
        loader = Loader(log, TableSink(clickhouse.writer), clock=lambda: now[0])
        assert loader.step() == 0
        longest = next(target.max_wait_seconds for target in TARGETS if target.topic == "event.listing")
        now[0] = longest - 0.01
        assert loader.step() == 0
        now[0] = longest + 0.01
        assert loader.step() == 3

    def test_killed_between_insert_and_commit(self, clickhouse, log):
        one_batch(log)
        log.crash_at_commit = 2
        client = Faulty(clickhouse.writer)
        with pytest.raises(KilledError):
            Loader(log, TableSink(client)).drain()
        assert count(clickhouse, "event_listing") == 3
        log.append("event.listing", 0, events("listing", listing(9), first=3))
        again = Faulty(clickhouse.writer)
        Loader(log, TableSink(again)).drain()
        assert again.tokens[0] == client.tokens[0]
        assert count(clickhouse, "event_listing") == 4

    def test_killed_between_note_and_insert(self, clickhouse, log):
        one_batch(log)
        client = Faulty(clickhouse.writer, before=(KilledError(),))
        with pytest.raises(KilledError):
            Loader(log, TableSink(client)).drain()
        assert log.committed(GROUP, "event.listing", 0)[0] == 0
        Loader(log, TableSink(clickhouse.writer)).drain()
        assert count(clickhouse, "event_listing") == 3
        assert log.committed(GROUP, "event.listing", 0) == (1, "")

    def test_killed_before_the_note(self, clickhouse, log):
        one_batch(log)
        log.crash_at_commit = 1
        with pytest.raises(KilledError):
            Loader(log, TableSink(clickhouse.writer)).drain()
        Loader(log, TableSink(clickhouse.writer)).drain()
        assert count(clickhouse, "event_listing") == 3

    def test_an_answer_that_was_lost(self, clickhouse, log):
        one_batch(log)
        client = Faulty(clickhouse.writer, after=(ConnectionResetError("peer went away"),))
        Loader(log, TableSink(client), back_off=AT_ONCE).drain()
        assert len(client.tokens) == 2
        assert count(clickhouse, "event_listing") == 3

    def test_what_passes_is_tried_again_and_nothing_is_acknowledged_meanwhile(self, clickhouse, log):
        one_batch(log)
        seen = []
        client = Faulty(clickhouse.writer, before=(OperationalError("down"), DatabaseError("disk full", code=243)))

        def on_retry(_batch, error, attempt):
            seen.append((attempt, str(error), log.committed(GROUP, "event.listing", 0)[0]))

        Loader(log, TableSink(client), back_off=AT_ONCE, on_retry=on_retry).drain()
        assert seen == [(1, "down", 0), (2, "disk full", 0)]
        assert count(clickhouse, "event_listing") == 3

    def test_what_does_not_pass_stops_the_loader_unacknowledged(self, clickhouse, log):
        one_batch(log)
        client = Faulty(clickhouse.writer, before=(DatabaseError("no such column", code=16),))
        with pytest.raises(LoaderError, match=r"event_listing.*no such column"):
            Loader(log, TableSink(client)).drain()
        assert log.committed(GROUP, "event.listing", 0)[0] == 0
        Loader(log, TableSink(clickhouse.writer)).drain()
        assert count(clickhouse, "event_listing") == 3

    @pytest.mark.parametrize("woken", [True, False], ids=["woken", "by itself"])
    def test_a_loader_that_was_woken_once_loads_what_comes(self, clickhouse, log, woken):
        loaded = queue.SimpleQueue()
        loader = Loader(log, TableSink(clickhouse.writer), on_loaded=loaded.put)
        thread = threading.Thread(target=loader.run)
        thread.start()
        try:
            loader.wake()
            for offset in (0, 1):
                log.append("event.listing", 0, events("listing", listing(offset), first=offset))
                if woken:
                    loader.wake()
                assert loaded.get(timeout=60).rows == 1
        finally:
            loader.stop.set()
            loader.wake()
            thread.join(60)
        assert not thread.is_alive()
        assert count(clickhouse, "event_listing") == 2

    def test_told_to_stop_while_it_waits_for_the_server(self, clickhouse, log):
        one_batch(log)
        client = Faulty(clickhouse.writer, before=(OperationalError("down"),) * 5)
        loader = Loader(log, TableSink(client), on_retry=lambda *_: loader.stop.set())
        loader.run()
        assert len(client.tokens) == 1
        assert log.committed(GROUP, "event.listing", 0)[0] == 0

    def test_a_failure_between_a_table_and_the_one_filled_from_it(self, clickhouse, log):
        log.append("chain", 0, block("chain", chain(1), chain(2)))
        writer = clickhouse.writer
        query = "SELECT * EXCEPT (nodes, hops, parties), version FROM chain_history"
        writer.command(f"ALTER TABLE chain_of_history MODIFY QUERY {query} WHERE throwIf(revision = 1) = 0")
        try:
            with pytest.raises(LoaderError):
                Loader(log, TableSink(writer)).drain()
        finally:
            writer.command(f"ALTER TABLE chain_of_history MODIFY QUERY {query}")
        assert (count(clickhouse, "chain_history"), count(clickhouse, "chain")) == (2, 0)
        Loader(log, TableSink(writer)).drain()
        assert (count(clickhouse, "chain_history"), count(clickhouse, "chain")) == (2, 2)

    def test_a_damaged_block_is_named(self, clickhouse, log):
        one_batch(log)
        log.append("event.listing", 0, b"not a block")
        with pytest.raises(LoaderError, match=r"event\.listing, partition 0, offset 1"):
            Loader(log, TableSink(clickhouse.writer)).drain()

    @pytest.mark.parametrize("inserted", [True, False], ids=["after the insert", "before it"])
    def test_what_a_former_version_was_inserting_when_it_ended_is_there_once(
        self, clickhouse, log, older_block, inserted
    ):
        """It inserted blocks as the Avro that they were, under a token with the sums of that."""
        log.append("event.listing", 0, older_block)
        log.commit(GROUP, {("event.listing", 0): 0}, {("event.listing", 0): '{"inserting":[[0,0,0]]}'})
        if inserted:
            token = f"event_listing:event.listing:0/0-0:1:{len(older_block)}:{zlib.crc32(older_block):08x}"
            (target,) = (each for each in TARGETS if each.topic == "event.listing")
            clickhouse.writer.raw_insert(
                "event_listing",
                target.columns,
                insert_block=older_block,
                fmt="Avro",
                settings={"insert_deduplication_token": token, "input_format_avro_allow_missing_fields": 1},
            )
        log.append("event.listing", 0, events("listing", listing(8), first=8))
        Loader(log, TableSink(clickhouse.writer)).drain()
        assert count(clickhouse, "event_listing") == 2

    def test_blocks_of_an_older_schema_are_loaded_beside_those_of_today(self, clickhouse, log, older_block):
        one_batch(log)
        log.append("event.listing", 0, older_block)
        log.append("event.listing", 0, events("listing", listing(8), first=8))
        Loader(log, TableSink(clickhouse.writer)).drain()
        rows = clickhouse.writer.query(
            "SELECT title, ship_from FROM event_listing WHERE listing_id = 'old'"
        ).result_rows
        assert rows == [("旧", None)]
        assert count(clickhouse, "event_listing") == 5
