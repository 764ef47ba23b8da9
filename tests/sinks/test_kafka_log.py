"""The loader's contract, and what a log on Kafka promises beside it, on a real broker."""

from __future__ import annotations

import threading
import time

import pytest
from kafka import KafkaAdminClient, TopicPartition

from suyuan.connections.log_errors import LogUnavailable, MessagesLost
from suyuan.connections.lost import Lost
from suyuan.sinks.errors import OwnershipLost, TopicChanged, TopicMissing
from suyuan.sinks.holes import find_holes
from suyuan.sinks.kafka_log import KafkaLog
from suyuan.sinks.loader import Loader
from suyuan.sinks.table_sink import TableSink
from suyuan.sinks.tables import GROUP, TARGETS
from suyuan.sinks.verifier import Snapshot
from tests.sinks.clients import Faulty
from tests.sinks.conftest import emptied
from tests.sinks.contract.loading import LoadingContract, count, one_batch
from tests.sinks.kafka_topics import TOPICS, NamedKafkaLog, make_topics, settled
from tests.sinks.memory_log import KilledError
from tests.sinks.rows import events, listing
from tests.streams.transport.transactions import transactions


@pytest.fixture
def clickhouse(chdb):
    return emptied(chdb)


@pytest.fixture
def open_log(kafka, topic_prefix):
    """A further loader's log on the same topics, not joined yet."""
    make_topics(kafka, topic_prefix)
    opened = []

    def open_one():
        opened.append(NamedKafkaLog(kafka, topic_prefix, refresh_seconds=0.0))
        return opened[-1]

    yield open_one
    for log in opened:
        log.close()


@pytest.fixture
def log(open_log):
    log = open_log()
    settled(log)
    return log


class TestLoading(LoadingContract):
    pass


def deleted_up_to(kafka, topic, partition, offset):
    admin = KafkaAdminClient(**kafka.kafka_python())
    admin.delete_records({TopicPartition(topic, partition): offset})
    admin.close()


def made_again(kafka, topic, partitions=2):
    admin = KafkaAdminClient(**kafka.kafka_python())
    admin.delete_topics([topic])
    while topic in admin.list_topics():
        time.sleep(0.05)
    admin.create_topics({topic: {"num_partitions": partitions, "replication_factor": 1}}, wait_for_metadata=True)
    admin.close()


def owned_targets(topics):
    return [target for target in TARGETS if target.topic in topics]


class TestNews:
    def test_who_rests_is_told_of_what_is_behind_its_positions(self, log, topic_prefix):
        log.append("chain", 0, b"one")
        first, second = ((topic_prefix + "chain", number) for number in (0, 1))
        assert log.kafka.end_offsets()[first] == 1
        assert not log.kafka.await_news({first: 1, second: 0}, 0.1)
        log.append("chain", 1, b"two")
        for _ in range(2):  # as long as it has not gone on
            assert log.kafka.await_news({first: 1, second: 0}, 30)
            assert log.kafka.end_offsets()[second] == 1
        assert not log.kafka.await_news({first: 1, second: 1}, 0.1)
        assert not log.kafka.await_news({}, 0.1)

    def test_ends_are_asked_for_though_it_is_told_of_nothing(self, log, topic_prefix, monkeypatch):
        """A client may stay silent for good after an outage."""
        monkeypatch.setattr("suyuan.sinks.kafka_log.STILL_SECONDS", 0.2)
        first = (topic_prefix + "chain", 0)
        assert not log.kafka.await_news({first: 0}, 0.1)
        monkeypatch.setattr(log.kafka._watch, "poll", lambda **_: time.sleep(0.1))
        log.append("chain", 0, b"one")
        while log.kafka.end_offsets()[first] == 0:
            log.kafka.await_news({first: 0}, 0.1)


class TestReading:
    def test_any_offset_may_be_asked_for_at_any_time(self, log):
        values = [bytes([number]) * 1000 for number in range(20)]
        log.append("chain", 0, *values)
        log.append("chain", 1, b"other")
        for first, most in ((0, 20), (7, 5), (19, 3), (0, 2), (18, 9), (5, 1)):
            found = log.fetch("chain", 0, first, most, 1 << 20)
            end = min(first + most, 20)
            assert found.offsets[0] == first
            assert len(found.offsets) <= most
            assert list(found.values) == values[first : found.offsets[-1] + 1]
            assert found.offsets[-1] < end
            assert log.fetch("chain", 1, 0, 9, 1 << 20).values == [b"other"]

    def test_an_answer_ends_at_its_bytes_but_has_one_message(self, log):
        log.append("chain", 0, *[b"x" * 1000] * 5)
        assert len(log.fetch("chain", 0, 0, 5, 1500).offsets) == 2
        assert len(log.fetch("chain", 0, 2, 5, 1).offsets) == 1

    def test_a_large_message_is_read(self, log):
        log.append("chain", 0, b"small", b"l" * (4 << 20), b"small too")
        found = [log.fetch("chain", 0, offset, 1, 1).values[0] for offset in range(3)]
        assert [len(value) for value in found] == [5, 4 << 20, 9]

    def test_messages_behind_deleted_ones(self, log, kafka, topic_prefix):
        log.append("chain", 0, *[b"%d" % number for number in range(10)])
        deleted_up_to(kafka, topic_prefix + "chain", 0, 6)
        found = log.fetch("chain", 0, 2, 2, 1 << 20)
        assert (list(found.offsets), list(found.values)) == ([6, 7], [b"6", b"7"])

    def test_partitions_with_many_messages_are_read_by_turns(self, log):
        """One answer of the brokers has all of them: none may be left behind in the client while it reads another
        partition.
        """
        values = {number: [b"%d/%d" % (number, each) for each in range(1200)] for number in (0, 1)}
        for number, some in values.items():
            log.append("chain", number, *some)
        reader, read = log.kafka._reader, {0: [], 1: []}
        while any(len(some) < 1200 for some in read.values()):
            for number in (0, 1):
                if (begin := len(read[number])) < 1200:
                    read[number].extend(log.fetch("chain", number, begin, 400, 1 << 20).values)
        assert read == values
        assert log.kafka._reader is reader

    def test_a_reader_that_gives_no_answer_is_replaced_by_another_one(self, log, monkeypatch):
        """Seen once: after an outage a client stayed silent for minutes, whatever it was asked for."""
        log.append("chain", 0, b"one", b"two")
        monkeypatch.setattr("suyuan.sinks.kafka_log.ANSWER_MS", 300)
        monkeypatch.setattr(log.kafka._reader, "poll", lambda **_: {})
        with pytest.raises(LogUnavailable, match="no answer from Kafka"):
            log.fetch("chain", 0, 0, 10, 1000)
        monkeypatch.setattr("suyuan.sinks.kafka_log.ANSWER_MS", 20_000)
        assert list(log.fetch("chain", 0, 0, 10, 1000).values) == [b"one", b"two"]

    def test_asked_from_several_threads(self, log):
        for partition in (0, 1):
            log.append("chain", partition, *[b"%d/%d" % (partition, number) for number in range(200)])
        wrong = []

        def read(partition):
            for offset in range(0, 200, 3):
                found = log.fetch("chain", partition, offset, 1, 100)
                if list(found.values) != [b"%d/%d" % (partition, offset)] or log.end_offsets()["chain", 0] != 200:
                    wrong.append((partition, offset, found))

        threads = [threading.Thread(target=read, args=(number % 2,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []

    def test_a_missing_topic_is_named(self, kafka, topic_prefix):
        make_topics(kafka, topic_prefix, topics=["chain"])
        with pytest.raises(TopicMissing, match=f"{topic_prefix}alert.state: `suyuan topics create`"):
            KafkaLog(kafka, [f"{topic_prefix}chain", f"{topic_prefix}alert.state"], "group")


class TestDeletedSegments:
    def test_the_loader_goes_on_behind_them_when_that_is_accepted(self, clickhouse, log, kafka, topic_prefix):
        one_batch(log, rows=1)
        Loader(log, TableSink(clickhouse.writer)).drain()
        for number in range(1, 6):
            log.append("event.listing", 0, events("listing", listing(number), first=number))
        deleted_up_to(kafka, f"{topic_prefix}event.listing", 0, 4)
        with pytest.raises(
            MessagesLost, match=r"event\.listing-0: 3 messages, offsets 1 to 3, were deleted .*--accept-loss"
        ):
            Loader(log, TableSink(clickhouse.writer)).drain()
        lost = []
        loader = Loader(log, TableSink(clickhouse.writer), on_lost=lost.append, accept_loss=True)
        assert loader.drain() == 2
        assert not any(loader.lag().values())
        assert log.committed(GROUP, "event.listing", 0) == (6, "")
        assert lost == [Lost("event.listing", 0, 1, 4)]
        assert Loader(log, TableSink(clickhouse.writer)).drain() == 0

    def test_what_is_deleted_under_a_running_loader_is_missed(self, clickhouse, log, kafka, topic_prefix):
        one_batch(log, rows=1)
        loader = Loader(log, TableSink(clickhouse.writer))
        loader.drain()
        log.append("event.listing", 0, *[events("listing", listing(number), first=number) for number in range(1, 4)])
        log.append("chain", 0, b"never loaded")
        deleted_up_to(kafka, f"{topic_prefix}event.listing", 0, 4)  # all that there was
        deleted_up_to(kafka, f"{topic_prefix}chain", 0, 1)
        with pytest.raises(MessagesLost, match=r"-0: \d messages, offsets \d to \d, were deleted"):
            loader.drain()
        lost = []
        Loader(log, TableSink(clickhouse.writer), on_lost=lost.append, accept_loss=True).drain()
        assert set(lost) == {Lost("event.listing", 0, 1, 4), Lost("chain", 0, 0, 1)}

    @pytest.mark.real_time
    def test_a_topic_that_was_made_again_under_a_running_loader_is_noticed(
        self, clickhouse, log, kafka, topic_prefix, monkeypatch
    ):
        monkeypatch.setattr("suyuan.sinks.loader.BEYOND_SECONDS", 0.2)
        log.append("event.listing", 0, *[events("listing", listing(number), first=number) for number in range(3)])
        loader = Loader(log, TableSink(clickhouse.writer))
        loader.drain()
        made_again(kafka, f"{topic_prefix}event.listing")
        with pytest.raises(MessagesLost, match=r"event\.listing-0 ends at 0, and was read up to 3"):
            loader.run()

    def test_a_topic_that_was_made_again_while_nobody_read_is_noticed(self, clickhouse, open_log, kafka, topic_prefix):
        log = open_log()
        settled(log)
        one_batch(log)
        Loader(log, TableSink(clickhouse.writer)).drain()
        assert not log.is_another("event.listing")
        log.close()
        made_again(kafka, f"{topic_prefix}event.listing")
        log = open_log()
        settled(log)
        log.append("event.listing", 0, events("listing", listing(7), first=0))
        with pytest.raises(MessagesLost, match=r"event\.listing-0 is not the one that was read before: the topic, "):
            Loader(log, TableSink(clickhouse.writer))
        assert Loader(log, TableSink(clickhouse.writer), accept_loss=True).drain() == 1
        assert not log.is_another("event.listing")
        assert Loader(log, TableSink(clickhouse.writer)).drain() == 0

    def test_topics_that_change_under_a_loader_are_named(self, log, kafka, topic_prefix):
        log.kafka.check_topics()
        admin = KafkaAdminClient(**kafka.kafka_python())
        admin.create_partitions({f"{topic_prefix}alert.state": 3})
        while len(admin.describe_topics([f"{topic_prefix}alert.state"])[0]["partitions"]) < 3:
            time.sleep(0.05)  # the broker hears of it later
        admin.close()
        with pytest.raises(TopicChanged, match=r"alert.state: partitions is 3, not 2"):
            log.kafka.check_topics()
        made_again(kafka, f"{topic_prefix}chain")
        with pytest.raises(MessagesLost, match=r"chain: deleted and made again"):
            log.kafka.check_topics()

    def test_nothing_left_is_no_lag(self, clickhouse, log, kafka, topic_prefix):
        one_batch(log)
        deleted_up_to(kafka, f"{topic_prefix}event.listing", 0, 1)
        assert Snapshot.take(log, {}).is_loaded(log)
        assert Loader(log, TableSink(clickhouse.writer)).drain() == 0


@pytest.mark.real_time
class TestSharing:
    def test_a_topic_has_one_owner_and_another_when_that_one_leaves(self, open_log):
        first, second = open_log(), open_log()
        (all_of_them,) = settled(first)
        assert all_of_them == set(TOPICS)
        owned = settled(first, second)
        assert abs(len(owned[0]) - len(owned[1])) <= 1
        assert not owned[0] & owned[1]
        first.kafka.leave()
        assert settled(second) == [set(TOPICS)]

    def test_the_topics_of_another_cannot_be_taken_up(self, clickhouse, open_log):
        first, second = open_log(), open_log()
        settled(first, second)
        with pytest.raises(OwnershipLost):
            Loader(first, TableSink(clickhouse.writer))

    def test_a_loader_that_has_lost_its_topics_commits_nothing(self, clickhouse, open_log):
        first, second = open_log(), open_log()
        (owned,) = settled(first)
        one_batch(first)
        loader = Loader(first, TableSink(clickhouse.writer), owned_targets(owned))
        first.kafka._member._consumer._coordinator.maybe_leave_group()  # as after a long pause: it does not know
        settled(second)
        with pytest.raises(OwnershipLost):
            loader.drain()
        assert not first.kafka.keep()
        assert second.committed(GROUP, "event.listing", 0) == (None, "")
        Loader(second, TableSink(clickhouse.writer)).drain()
        assert count(clickhouse, "event_listing") == 3

    def test_a_loader_that_is_assigned_nothing_for_long_says_so_and_goes_on(self, open_log, monkeypatch):
        """A client whose brokers are away waits for its topics in silence."""
        log = open_log()
        with monkeypatch.context() as away:
            away.setattr("suyuan.sinks.kafka_log.ANSWER_MS", 10)
            away.setattr("suyuan.sinks.kafka_group.Membership.poll", lambda *_: time.sleep(0.02))
            assert log.join() is None
            with pytest.raises(LogUnavailable, match="its brokers do not answer"):
                log.join()
            assert log.join() is None
        settled(log)

    def test_what_one_began_another_repeats_under_the_same_token(self, clickhouse, open_log):
        first, second = open_log(), open_log()
        settled(first)
        log = first
        log.append("event.listing", 0, events("listing", listing(1)))
        log.append("event.listing", 1, events("listing", listing(2), partition=1))
        log.crash_at_commit = 2
        client = Faulty(clickhouse.writer)
        with pytest.raises(KilledError):
            Loader(log, TableSink(client)).drain()
        first.kafka.leave()
        log = second
        log.append("event.listing", 1, events("listing", listing(3), partition=1, first=1))
        settled(second)
        again = Faulty(clickhouse.writer)
        Loader(second, TableSink(again)).drain()
        assert again.tokens[0] == client.tokens[0]
        assert count(clickhouse, "event_listing") == 3

    def test_loaded_by_two_at_a_time(self, clickhouse, open_log):
        logs = [open_log(), open_log()]
        for number, topic in enumerate(["event.listing"] * 4 + ["event.entity"] * 2):
            rows = [listing(number)] if topic == "event.listing" else [{"code": f"E{number}", "name": "名"}]
            row = events(
                topic.removeprefix("event."), rows[0] | {"status": "active"}, partition=number % 2, first=number
            )
            logs[0].append(topic, number % 2, row)
        loaded = [
            Loader(log, TableSink(clickhouse.writer), owned_targets(owned)).drain()
            for log, owned in zip(logs, settled(*logs), strict=True)
        ]
        assert sum(loaded) == 6
        assert (count(clickhouse, "event_listing"), count(clickhouse, "event_entity")) == (4, 2)


@pytest.mark.real_time
class TestBrokerAway:
    def test_goes_on_by_itself_when_it_is_back(self, clickhouse, start_broker, tmp_path):
        with start_broker(tmp_path / "broker") as broker:
            make_topics(broker.connection, "")
            log = NamedKafkaLog(broker.connection, "", refresh_seconds=0.0)
            settled(log)
            one_batch(log)
            Loader(log, TableSink(clickhouse.writer)).drain()
            broker.kill()
            with pytest.raises(LogUnavailable):
                log.end_offsets()
            broker.restart()
            settled(log)
            log.append("event.listing", 0, events("listing", listing(7), first=7))
            Loader(log, TableSink(clickhouse.writer)).drain()
            assert count(clickhouse, "event_listing") == 4
            assert log.committed(GROUP, "event.listing", 0) == (2, "")
            log.close()


class TestTransactions:
    def test_what_they_leave_is_passed_over(self, clickhouse, log, kafka, topic_prefix):
        topic = f"{topic_prefix}event.listing"
        with transactions(kafka) as publisher:
            publisher.commit(topic, 0, events("listing", listing(1)))
            publisher.abort(topic, 0, events("listing", listing(2), first=2))
            publisher.abort(topic, 1, b"nothing else there")
            publisher.begin(topic, 1, events("listing", listing(3), partition=1, first=2))
            loader = Loader(log, TableSink(clickhouse.writer))
            assert loader.drain() == 1
            assert not any(loader.lag().values())
            assert log.committed(GROUP, "event.listing", 0) == (4, "")
            assert log.committed(GROUP, "event.listing", 1) == (2, "")
            publisher.end()
            assert loader.drain() == 1
            assert log.committed(GROUP, "event.listing", 1) == (4, "")
        assert count(clickhouse, "event_listing") == 2

    def test_holes_are_found_where_there_are_some(self, log, kafka, topic_prefix):
        topic = f"{topic_prefix}event.listing"
        with transactions(kafka) as publisher:
            for _ in range(3):
                publisher.commit(topic, 0, b"0", b"1")
                publisher.abort(topic, 0, b"3")
            publisher.begin(topic, 0, b"15")
            found = find_holes(log.kafka, (topic, 0), range(20))
            assert found == [2, 3, 4, 7, 8, 9, 12, 13, 14]
            deleted_up_to(kafka, topic, 0, 7)
            assert find_holes(log.kafka, (topic, 0), [3, 4, 7, 8, 10]) == [7, 8]
            publisher.end()
