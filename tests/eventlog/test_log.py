from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from suyuan.eventlog.errors import LogClosed, LogReadOnly, RecordRefused, TopicMismatch, UnknownTopic
from suyuan.eventlog.log import Log, Record, Records, TopicConfig
from suyuan.eventlog.readers import Extents


def records(*values: bytes) -> list[Record]:
    return [Record(b"k", value) for value in values]


def read(log, topic="t", partition=0, offset=0):
    return log.fetch(topic, partition, offset).values


def test_a_log_survives_closing(open_log):
    log = open_log()
    log.create_topic("t", 2, TopicConfig(compacted=True, retention_ms=5))
    assert log.append("t", 1, [Record(b"k", b"v", 123, (("h", b"x"),))]) == 0
    assert log.append("t", 1, records(b"w")) == 1
    log.commit("g", {("t", 1): 1}, {("t", 1): "note"})
    log.close()
    log = open_log()
    fetched = log.fetch("t", 1, 0)
    assert (fetched.offsets, fetched.keys, fetched.values) == ([0, 1], [b"k", b"k"], [b"v", b"w"])
    assert fetched.timestamps == [123, 1_700_000_000_000]
    assert list(fetched.headers[0]) == [("h", b"x")]
    assert log.topics() == {"t": TopicConfig(compacted=True, retention_ms=5)}
    assert (log.partitions("t"), log.end_offset("t", 1), log.end_offset("t", 0)) == (2, 2, 0)
    assert log.committed("g", "t", 1) == (1, "note")


def test_a_topic_is_made_once(log):
    log.create_topic("t", 2, TopicConfig(compacted=True))
    log.create_topic("t", 2)
    assert log.topics()["t"].compacted
    log.create_topic("t", 2, TopicConfig(retention_ms=7))
    assert log.topics()["t"] == TopicConfig(retention_ms=7)
    with pytest.raises(TopicMismatch, match="t has 2 partitions, 3 were asked for"):
        log.create_topic("t", 3)


def test_names_that_do_not_exist_are_said(log):
    log.create_topic("t", 1)
    for use in (
        lambda: log.append("nowhere", 0, records(b"v")),
        lambda: log.fetch("nowhere", 0, 0),
        lambda: log.partitions("nowhere"),
        lambda: log.commit("g", {("nowhere", 0): 1}),
    ):
        with pytest.raises(UnknownTopic, match="no topic nowhere"):
            use()
    with pytest.raises(UnknownTopic, match="t has 1 partitions, no partition 4"):
        log.end_offset("t", 4)


def test_an_append_to_several_partitions_is_one(log):
    log.create_topic("t", 2)
    with pytest.raises(UnknownTopic):
        log.append_many({("t", 0): records(b"a"), ("nowhere", 0): records(b"b")})
    assert log.end_offset("t", 0) == 0
    appended = log.append_many({("t", 0): records(b"a", b"b"), ("t", 1): []})
    assert (appended["t", 0].base_offset, appended["t", 0].last_offset) == (0, 1)
    assert (appended["t", 1].base_offset, appended["t", 1].last_offset) == (0, -1)


def test_ids_are_taken_once_by_whichever_partition_and_call(log):
    log.create_topic("t", 2)
    ids = [bytes([n]) * 16 for n in range(4)]
    first = log.append_many({("t", 0): records(b"0", b"1", b"0 again")}, {("t", 0): [ids[0], ids[1], ids[0]]})
    assert first["t", 0].taken == [True, True, False]
    second = log.append_many(
        {("t", 0): records(b"1 again", b"2"), ("t", 1): records(b"2 again", b"3")},
        {("t", 0): [ids[1], ids[2]], ("t", 1): [ids[2], ids[3]]},
    )
    assert [second["t", n].taken for n in range(2)] == [[False, True], [False, True]]
    assert (second["t", 0].base_offset, second["t", 0].last_offset) == (2, 2)
    assert read(log) == [b"0", b"1", b"2"]
    assert read(log, partition=1) == [b"3"]
    again = log.append_many({("t", 1): records(b"3 again")}, {("t", 1): [ids[3]]})["t", 1]
    assert (again.taken, again.last_offset) == ([False], again.base_offset - 1)


def test_many_ids_of_one_call(log):
    log.create_topic("t", 1)
    ids = [n.to_bytes(16) for n in range(1700)]
    log.append_many({("t", 0): records(*[b"x"] * 1000)}, {("t", 0): ids[:1000]})
    taken = log.append_many({("t", 0): records(*[b"y"] * 1400)}, {("t", 0): ids[300:]})["t", 0].taken
    assert taken == [False] * 700 + [True] * 700
    assert log.end_offset("t", 0) == 1700


def test_a_fetch_is_bounded_and_goes_on_where_it_ended(log):
    log.create_topic("t", 1)
    for n in range(10):
        log.append("t", 0, records(*[b"%d" % (n * 10 + i) for i in range(10)]))
    seen, offset = [], 0
    while True:
        fetched = log.fetch("t", 0, offset, max_records=7)
        if not len(fetched):
            break
        assert len(fetched) <= 7
        seen += fetched.values
        offset = fetched.offsets[-1] + 1
    assert seen == [b"%d" % n for n in range(100)]
    assert len(log.fetch("t", 0, 0, max_bytes=50)) in range(10, 25)


def test_a_fetch_cut_in_a_batch_does_not_go_on_with_the_next_batch(log):
    log.create_topic("t", 1)
    log.append("t", 0, [Record(None, b"a" * 60), Record(None, b"b" * 60)])
    log.append("t", 0, [Record(None, b"c")])
    assert log.fetch("t", 0, 0, max_bytes=100).offsets == [0]


def test_beyond_the_end_is_nothing(log):
    log.create_topic("t", 1)
    log.append("t", 0, records(b"v"))
    assert len(log.fetch("t", 0, 1)) == len(log.fetch("t", 0, 99)) == 0


def test_threads_append_together_and_no_record_is_lost_or_twice(log):
    log.create_topic("t", 1)
    with ThreadPoolExecutor(8) as pool:
        bases = list(pool.map(lambda n: log.append("t", 0, records(b"%d.0" % n, b"%d.1" % n)), range(200)))
    values = read(log)
    for n, base in enumerate(bases):
        assert values[base : base + 2] == [b"%d.0" % n, b"%d.1" % n]
    assert len(values) == 400


def test_a_refused_work_does_not_harm_those_in_the_same_transaction(log):
    log.create_topic("t", 1)
    started, go_on = threading.Event(), threading.Event()

    def slow(_connection):
        started.set()
        go_on.wait(10)

    def refused(connection):
        connection.execute("UPDATE partitions SET end_offset = 99")
        raise RecordRefused("no")

    blocking = log.write(slow)  # what follows waits for it, and so shares a transaction
    started.wait(10)
    before = log.append_async({("t", 0): records(b"a")})
    bad = log.write(refused)
    after = log.append_async({("t", 0): records(b"b")})
    go_on.set()
    with pytest.raises(RecordRefused):
        bad.result(10)
    blocking.result(10)
    assert (before.result(10)["t", 0].base_offset, after.result(10)["t", 0].base_offset) == (0, 1)
    assert read(log) == [b"a", b"b"]


def test_processes_append_beside_each_other(open_log):
    running, publisher = open_log(), open_log("publish")
    running.create_topic("t", 1)
    for n in range(5):
        assert running.append("t", 0, records(b"r")) == 2 * n
        assert publisher.append("t", 0, records(b"p")) == 2 * n + 1
    assert running.end_offset("t", 0) == publisher.end_offset("t", 0) == 10
    assert read(open_log("read")) == [b"r", b"p"] * 5


def test_waiting_ends_when_another_process_appends(open_log):
    log, publisher = open_log(), open_log("publish")
    log.create_topic("t", 1)
    assert not log.wait_for("t", 0, 0, 0.01)
    with ThreadPoolExecutor(1) as pool:
        arrived = pool.submit(log.wait_for, "t", 0, 0, 10)
        publisher.append("t", 0, records(b"v"))
        assert arrived.result(10)


def test_a_reader_writes_nothing(open_log):
    open_log().create_topic("t", 1)
    with pytest.raises(LogReadOnly, match="opened for reading only"):
        open_log("read").append("t", 0, records(b"v"))


def test_groups_commit_and_lag(log):
    log.create_topic("t", 2)
    log.append("t", 0, records(b"a", b"b", b"c"))
    assert log.committed("g", "t", 0) == (None, "")
    log.register("g", ["t"])
    assert log.lag("g") == {("t", 0): 3, ("t", 1): 0}
    log.commit("g", {("t", 0): 2})
    assert log.committed("g", "t", 0) == (2, "")
    assert log.committed_offsets("g") == {("t", 0): (2, ""), ("t", 1): (None, "")}
    assert log.lag("g")["t", 0] == 1
    log.register("g", ["t"])
    assert log.committed("g", "t", 0) == (2, "")
    log.forget_group("g")
    assert log.committed_offsets("g") == {}


def test_records_may_be_given_as_columns(log):
    log.create_topic("t", 1)
    log.append("t", 0, Records([b"a", None], [None, b"w"]))
    fetched = log.fetch("t", 0, 0)
    assert (fetched.keys, fetched.values) == ([b"a", None], [None, b"w"])


def test_a_record_without_key_is_refused_in_a_compacted_topic(log):
    log.create_topic("t", 1, TopicConfig(compacted=True))
    with pytest.raises(RecordRefused, match="needs a key"):
        log.append("t", 0, [Record(None, b"v")])


def test_a_closed_log_says_so(open_log):
    log: Log = open_log()
    log.create_topic("t", 1)
    log.close()
    log.close()
    for use in (lambda: log.append("t", 0, records(b"v")), lambda: log.fetch("t", 0, 0), log.end_offsets):
        with pytest.raises(LogClosed):
            use()


def test_what_others_append_is_seen_however_long_nothing_was_written(open_log, tmp_path):
    reader, other = open_log(), open_log("publish")
    reader.create_topic("t", 1)
    assert reader.end_offset("t", 0) == 0
    assert not reader._extents.are_still()  # what was written a moment ago looks like what is written now
    for count in (1, 2):
        long_ago = 1_600_000_000 + count
        os.utime(tmp_path / "log" / "log.sqlite-wal", (long_ago, long_ago))
        assert reader.end_offset("t", 0) == count - 1
        assert reader._extents.are_still()
        other.append("t", 0, records(b"w"))
        assert not reader._extents.are_still()
        assert reader.end_offset("t", 0) == count


def test_what_counts_only_long_after_it_was_written_is_seen_too(log, monkeypatch):
    monkeypatch.setattr(Extents, "_written", lambda _: (1, 2, 3))  # the file's time tells nothing of it
    log.create_topic("t", 1)
    monkeypatch.setattr("suyuan.eventlog.readers.TRUST_SECONDS", 0.0)
    assert log.end_offset("t", 0) == 0
    log.append("t", 0, records(b"w"))
    assert log.end_offset("t", 0) == 1
