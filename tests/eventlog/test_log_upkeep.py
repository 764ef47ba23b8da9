"""Retention and compaction."""

from __future__ import annotations

import random
import sqlite3
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.eventlog import compaction, maintenance
from suyuan.eventlog.compaction import KEEP_DELETIONS_MS
from suyuan.eventlog.errors import LogCorrupt
from suyuan.eventlog.log import Log, Record, TopicConfig

CHANCE = random.Random(1)
DAY = 24 * 3600 * 1000


def fill(log, batches, size=10, topic="t"):
    for n in range(batches):
        log.append(topic, 0, [Record(b"k%d" % n, b"%d" % n * size)])


def everything(log, topic="t"):
    fetched = log.fetch(topic, 0, 0, 10**6, 10**9)
    return dict(zip(fetched.offsets, zip(fetched.keys, fetched.values, strict=True), strict=True))


def maintain(log):
    while not log.maintain(1000):
        pass


def test_records_older_than_the_topic_keeps_go(log, clock):
    log.create_topic("t", 1, TopicConfig(retention_ms=DAY))
    fill(log, 40)
    clock.now += DAY // 2
    fill(log, 3)
    clock.now += DAY // 2 + 1
    maintain(log)
    assert (log.start_offset("t", 0), log.end_offset("t", 0)) == (40, 43)
    assert list(everything(log)) == [40, 41, 42]
    clock.now += DAY
    maintain(log)
    assert (log.start_offset("t", 0), log.end_offset("t", 0)) == (43, 43)
    assert log.append("t", 0, [Record(None, b"v")]) == 43


def test_the_oldest_beyond_the_size_that_the_topic_keeps_go(log):
    log.create_topic("t", 1, TopicConfig(retention_bytes=20_000))
    for _ in range(50):
        log.append("t", 0, [Record(None, CHANCE.randbytes(1000))])
    maintain(log)
    left = len(everything(log))
    assert 15 <= left <= 20
    assert log.start_offset("t", 0) == 50 - left


def test_what_every_group_has_read_goes_when_it_is_old_enough(log, clock):
    log.create_topic("t", 1, TopicConfig(delete_consumed_after_ms=1000))
    log.register("slow", ["t"])
    log.register("fast", ["t"])
    fill(log, 10)
    log.commit("fast", {("t", 0): 10})
    clock.now += 2000
    maintain(log)
    assert log.start_offset("t", 0) == 0, "one group has not committed"
    log.commit("slow", {("t", 0): 4})
    maintain(log)
    assert log.start_offset("t", 0) == 4
    fill(log, 1)
    log.commit("slow", {("t", 0): 11})
    log.commit("fast", {("t", 0): 11})
    maintain(log)
    assert log.start_offset("t", 0) == 10, "the newest is not old enough"


def test_without_any_group_nothing_counts_as_read(log, clock):
    log.create_topic("t", 1, TopicConfig(delete_consumed_after_ms=0))
    fill(log, 3)
    clock.now += DAY
    maintain(log)
    assert len(everything(log)) == 3


def test_delete_before_is_exact_and_stays_within_the_log(open_log):
    log = open_log()
    log.create_topic("t", 1)
    log.append("t", 0, [Record(None, b"%d" % n) for n in range(10)])
    log.delete_before("t", 0, 4)
    assert list(everything(log)) == [4, 5, 6, 7, 8, 9]
    log.delete_before("t", 0, 2)
    assert log.start_offset("t", 0) == 4
    log.delete_before("t", 0, 99)
    assert (log.start_offset("t", 0), log.end_offset("t", 0), everything(log)) == (10, 10, {})
    log.close()
    assert open_log().append("t", 0, [Record(None, b"v")]) == 10


def test_freed_room_is_given_back(log, monkeypatch):
    monkeypatch.setattr(maintenance, "FREE_PAGES_KEPT", 10)
    log.create_topic("t", 1)
    for _ in range(20):
        log.append("t", 0, [Record(None, CHANCE.randbytes(200_000))])
    log.delete_before("t", 0, 20)
    maintain(log)
    with log.reading() as connection:
        assert connection.execute("PRAGMA freelist_count").fetchone()[0] <= 10
        assert connection.execute("PRAGMA page_count").fetchone()[0] < 60


def test_compaction_keeps_offsets_and_the_last_of_each_key(log):
    log.create_topic("t", 1, TopicConfig(compacted=True))
    for n in range(100):
        log.append("t", 0, [Record(b"%d" % (n % 7), b"v%d" % n)])
    before = everything(log)
    assert log.compact("t") > 80
    after = everything(log)
    latest = {key: offset for offset, (key, _) in before.items()}
    assert after == {offset: before[offset] for offset in sorted(latest.values())}
    assert log.compact("t") == 0
    assert log.end_offset("t", 0) == 100
    assert log.fetch("t", 0, 40).offsets == [*range(93, 100)]


def test_a_batch_is_not_written_anew_for_a_mark_that_every_batch_has_but_for_what_is_deleted(log, clock):
    log.create_topic("t", 1, TopicConfig(compacted=True))
    for block in range(3):
        log.append("t", 0, [Record(b"mark", b"m"), *(Record(b"%d-%d" % (block, n), b"v") for n in range(5_000))])
    assert log.compact("t") == 0
    log.append("t", 0, [Record(b"1-7", None)])
    log.append("t", 0, [Record(b"newest", b"v")])
    assert log.compact("t") == 2, "the value, and with it the mark of its batch"
    clock.now += KEEP_DELETIONS_MS + 1
    for n in range(3):
        log.append("t", 0, [Record(b"0-%d" % n, b"w")])
    log.compact("t")
    found = dict(everything(log).values())
    assert b"1-7" not in found
    assert len(found) == 15_001


def test_the_newest_record_stays_even_when_it_deletes(log, clock):
    """Recovery from a changelog waits until it has seen the offset before the end."""
    log.create_topic("t", 1, TopicConfig(compacted=True))
    log.append("t", 0, [Record(b"k", b"v")])
    log.append("t", 0, [Record(b"k", None)])
    for _ in range(3):
        log.compact("t")
        clock.now += KEEP_DELETIONS_MS + 1
    assert everything(log) == {1: (b"k", None)}


def test_a_deletion_stays_for_a_while_then_goes(log, clock):
    log.create_topic("t", 1, TopicConfig(compacted=True))
    log.append("t", 0, [Record(b"gone", b"v")])
    log.append("t", 0, [Record(b"gone", None)])
    log.append("t", 0, [Record(b"here", b"v")])
    log.compact("t")
    assert everything(log) == {1: (b"gone", None), 2: (b"here", b"v")}
    clock.now += KEEP_DELETIONS_MS - 1
    log.compact("t")
    assert 1 in everything(log)
    clock.now += 2
    log.compact("t")
    assert everything(log) == {2: (b"here", b"v")}


def test_a_thorough_compaction_leaves_nothing_of_what_was_replaced_however_little_it_is(log):
    log.create_topic("t", 1, TopicConfig(compacted=True))
    log.append("t", 0, [Record(b"%d" % n, b"said") for n in range(8_192)])  # a batch that takes no neighbour
    log.append("t", 0, [Record(b"7", b"")])
    assert log.compact("t") == 0, "one of thousands"
    log.append("t", 0, [Record(b"newest", b"v")])
    assert log.compact("t") == 0
    assert log.compact("t", thorough=True) == 1, "also of what an earlier pass has gone over"
    found = everything(log)
    assert dict(found.values())[b"7"] == b""
    assert len(found) == 8_193
    assert log.compact("t", thorough=True) == 0


def test_compaction_runs_by_itself_when_half_is_new(log, monkeypatch):
    monkeypatch.setattr(compaction, "MIN_DIRTY_BYTES", 1)
    log.create_topic("t", 1, TopicConfig(compacted=True))
    log.create_topic("kept", 1)
    for _ in range(30):
        log.append_many({(topic, 0): [Record(b"k", b"v")] for topic in ("t", "kept")})
    maintain(log)
    assert list(everything(log)) == [29]
    assert len(everything(log, "kept")) == 30


def test_upkeep_goes_on_where_its_time_ended(log, monkeypatch):
    monkeypatch.setattr(compaction, "MIN_DIRTY_BYTES", 1)
    monkeypatch.setattr(compaction, "BATCHES_PER_SLICE", 2)
    log.create_topic("t", 1, TopicConfig(compacted=True))
    for n in range(40):
        log.append("t", 0, [Record(b"%d" % (n % 3), b"v")])
    calls = 1
    while not log.maintain(0):
        calls += 1
        log.append("t", 0, [Record(b"%d" % (calls % 3), b"later")])
    assert calls > 10
    assert len(everything(log)) == 3 + (calls - 1)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_compaction_in_any_slices_beside_appends_loses_no_last_value(tmp_path_factory, data):
    steps = st.one_of(
        st.lists(st.tuples(st.sampled_from("abcd"), st.one_of(st.none(), st.just(b"v"))), min_size=1, max_size=6),
        st.just("slice"),
        st.just("crash"),
    )
    late = data.draw(st.booleans(), "deletions are old")
    now = 10**15 if late else 0
    with (
        Log.open(tmp_path_factory.mktemp("log"), "process", "never") as log,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(compaction, "FEW", data.draw(st.sampled_from([0, 0.5])))
        log.create_topic("t", 1, TopicConfig(compacted=True))
        written, running, offset = {}, None, 0
        for step in data.draw(st.lists(steps, max_size=30)):
            if step == "slice":
                running = running or compaction.compact(log, log.partition("t", 0), now, max_keys=2)
                if next(running, None) is None:
                    running = None
            elif step == "crash":
                running = None
            else:
                log.append("t", 0, [Record(key.encode(), value) for key, value in step])
                for key, value in step:
                    written[key.encode()] = (offset, value)
                    offset += 1
        found = everything(log)
        last = {key: (at, value) for at, (key, value) in sorted(found.items())}
        assert {key: last.get(key) for key in written} == {
            key: None if late and value is None and key not in last else (at, value)
            for key, (at, value) in written.items()
        }
        assert list(found) == sorted(found)


def test_a_damaged_batch_names_its_place_and_the_rest_can_be_read(open_log):
    log = open_log()
    log.create_topic("t", 1, TopicConfig(compacted=True))
    fill(log, 4)
    log.close()
    with sqlite3.connect(log.path) as connection:
        connection.execute("UPDATE batches SET records = zeroblob(length(records)) WHERE base_offset = 2")
    log = open_log()
    with pytest.raises(LogCorrupt, match="topic t, partition 0: the batch at offset 2 is damaged"):
        log.fetch("t", 0, 2)
    with pytest.raises(LogCorrupt, match="offset 2"):
        log.compact("t")
    assert log.fetch("t", 0, 0, max_records=2).offsets == [0, 1]
    assert log.fetch("t", 0, 3).offsets == [3]


def test_a_damaged_batch_does_not_stop_the_upkeep_of_others(log, monkeypatch, caplog):
    monkeypatch.setattr(compaction, "MIN_DIRTY_BYTES", 1)
    for topic in ("damaged", "whole"):
        log.create_topic(topic, 1, TopicConfig(compacted=True))
        for _ in range(4):
            log.append(topic, 0, [Record(b"k", b"v")])
    log.write(
        lambda connection: connection.execute(
            "UPDATE batches SET records = x'00' WHERE partition_id = ? AND base_offset = 0",
            (log.partition("damaged", 0).id,),
        )
    ).result()
    maintain(log)
    assert list(everything(log, "whole")) == [3]
    assert "topic damaged, partition 0" in caplog.text


def test_a_pass_that_ended_before_it_was_noted_is_repeated_though_nothing_is_left_of_its_part(log):
    log.create_topic("t", 1, TopicConfig(compacted=True))
    for _ in range(5):
        log.append("t", 0, [Record(b"k", b"v")])
    log.compact("t")
    log.write(lambda connection: connection.execute("UPDATE partitions SET compacted_to = 0").rowcount).result()
    steps = compaction.compact(log, log.partition("t", 0), 0)
    assert len(list(islice(steps, 10))) < 10
