"""What the loader survives: nothing lost, nothing shown twice.

Listings are published as if intake had taken them in: messages of in.listing that its group has committed, and a row of
each in event.listing. The verifier then knows what must be there.
"""

from __future__ import annotations

import json
import signal
from itertools import count

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from suyuan.sinks.clickhouse import ClickHouse
from suyuan.sinks.tables import GROUP
from suyuan.streams.consumer_group import GROUP as STAGES
from tests.cli.loader_process import LoaderProcess, make_all_topics, until
from tests.sinks.front_process import FrontProcess
from tests.sinks.rows import events, listing

pytestmark = pytest.mark.real_time

PARTITIONS = 2


class Market:
    """Publishes listings; `ids` of all of them."""

    def __init__(self, kafka):
        self._kafka = kafka
        self._producer = KafkaProducer(**kafka.kafka_python(), linger_ms=20)
        self._numbers = count()
        self._taken = [0] * PARTITIONS
        self.blocks = [0] * PARTITIONS
        self.ids = set()

    def publish(self, blocks=1, rows=3):
        sent = []
        for number in range(blocks):
            partition = number % PARTITIONS
            first = self._taken[partition]
            said = [listing(each) | {"event_id": f"e{each}"} for _, each in zip(range(rows), self._numbers)]  # noqa: B905
            self.ids |= {row["event_id"] for row in said}
            sent += [self._producer.send("in.listing", value=b"", partition=partition) for _ in said]
            block = events("listing", *said, partition=partition, first=first)
            sent.append(self._producer.send("event.listing", value=block, partition=partition))
            self._taken[partition] += rows
            self.blocks[partition] += 1
        for each in sent:
            each.get(timeout=60)
        self._commit(STAGES, "in.listing", self._taken)

    def loaded(self):
        """The loaders' committed offsets, by partition of event.listing."""
        consumer = KafkaConsumer(**self._kafka.kafka_python(), group_id=GROUP, enable_auto_commit=False)
        found = [consumer.committed(TopicPartition("event.listing", number)) or 0 for number in range(PARTITIONS)]
        consumer.close()
        return found

    def _commit(self, group, topic, offsets):
        consumer = KafkaConsumer(**self._kafka.kafka_python(), group_id=group, enable_auto_commit=False)
        consumer.assign([TopicPartition(topic, number) for number in range(PARTITIONS)])
        consumer.commit(
            {TopicPartition(topic, n): OffsetAndMetadata(offset, "", -1) for n, offset in enumerate(offsets)}
        )
        consumer.close()

    def close(self):
        self._producer.close()


@pytest.fixture(scope="module")
def broker(start_broker, tmp_path_factory):
    with start_broker(tmp_path_factory.mktemp("faults") / "broker") as broker:
        make_all_topics(broker.connection, PARTITIONS)
        yield broker


@pytest.fixture(scope="module")
def market(broker):
    market = Market(broker.connection)
    yield market
    market.close()


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    front = FrontProcess(tmp_path_factory.mktemp("tables") / "clickhouse")
    front.start()
    yield front
    front.kill()


@pytest.fixture
def start_loader(tmp_path, broker, front):
    started = []

    def start(*options):
        started.append(LoaderProcess(tmp_path, broker.connection, front, *options))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.wait()


@pytest.fixture
def all_there(start_loader, market, front):
    """Loads what is left, and asks the verifier and the ledger; how many rows were left."""

    def verify():
        loader = start_loader("--once", "--json")
        output, _ = loader.process.communicate(timeout=240)
        assert loader.process.returncode == 0, loader.log.read_text()
        report = json.loads(output)
        assert (report["gap"], report["duplicates"]) == (0, 0)
        with ClickHouse(front.settings, make=False) as clickhouse:
            shown = [row[0] for row in clickhouse.writer.query("SELECT event_id FROM event_listing_v").result_rows]
        assert len(shown) == len(set(shown))
        assert set(shown) == market.ids
        return report["rows"].get("event_listing", 0)

    return verify


@pytest.fixture
def in_flight(start_loader, market, front, all_there):
    """A loader in the middle of an insert whose rows are in, and whose answer takes so long."""
    all_there()

    def start(seconds):
        before = len(front.inserts()["tokens"])
        front.fail(slow=seconds)
        loader = start_loader()
        market.publish()
        until(lambda: len(front.inserts()["tokens"]) > before, "the insert")
        return loader

    return start


def stored(front, table="event_listing"):
    """Rows before any view folds them."""
    with ClickHouse(front.settings, make=False) as clickhouse:
        return clickhouse.writer.query(f"SELECT count() FROM {table}").result_rows[0][0]  # noqa: S608


def test_told_to_stop_during_an_insert_it_ends_and_commits_it(in_flight, all_there):
    loader = in_flight(5)
    assert loader.end(signal.SIGTERM) == 0  # one that hangs at its end is ended with another status
    assert all_there() == 0


def test_told_to_stop_during_an_insert_that_takes_too_long(in_flight, all_there, front):
    loader = in_flight(50)
    assert loader.end(signal.SIGTERM) == 0  # one that hangs at its end is ended with another status
    assert loader.said("repeats the insert under the same token")
    before = stored(front)
    assert all_there() == 3
    assert stored(front) == before


def test_an_insert_that_cannot_be_made_acknowledges_nothing_and_ends_the_loader(start_loader, market, front, all_there):
    all_there()
    before = market.loaded()
    with ClickHouse(front.settings) as clickhouse:
        clickhouse.writer.command("RENAME TABLE event_listing TO hidden")
        loader = start_loader()
        market.publish(blocks=PARTITIONS)
        assert loader.process.wait(timeout=120) == 1
        assert loader.said("event_listing")
        assert not loader.said("Traceback")
        assert market.loaded() == before
        clickhouse.writer.command("RENAME TABLE hidden TO event_listing")
    assert all_there() == 3 * PARTITIONS


def test_clickhouse_away_for_a_while(start_loader, market, front, all_there):
    all_there()
    loader = start_loader()
    until(lambda: loader.said(" loads "), "topics")
    resident = loader.resident_mib()
    front.kill()
    market.publish(blocks=PARTITIONS)
    until(lambda: (loader.metric("suyuan_insert_retries_total") or 0) >= 3, "attempts")
    market.publish(blocks=200, rows=500)
    retries = loader.metric("suyuan_insert_retries_total")
    until(lambda: loader.metric("suyuan_insert_retries_total") > retries, "an attempt with all of it waiting")
    assert loader.process.poll() is None
    assert loader.resident_mib() < resident + 150
    until(lambda: loader.metric("suyuan_lag_messages", group="loader", topic="event.listing") >= 200, "the lag")
    front.start()
    until(lambda: loader.metric("suyuan_lag_messages", group="loader", topic="event.listing") == 0, "all of it loaded")
    assert loader.end() == 0
    assert all_there() == 0


@pytest.mark.parametrize("fault", ["reset", "unavailable", "bad_gateway"])
def test_an_answer_that_does_not_come(start_loader, market, front, all_there, fault):
    all_there()
    before = stored(front)
    loader = start_loader()
    until(lambda: loader.said(" loads "), "topics")
    until(lambda: loader.metric("suyuan_lag_messages", group="loader") == 0, "nothing else in work")
    tokens = len(front.inserts()["tokens"])
    front.fail(**{fault: 3})
    market.publish()
    until(lambda: sum(market.loaded()) == sum(market.blocks), "the commit")
    assert loader.end() == 0
    assert len(set(front.inserts()["tokens"][tokens:])) == 1
    assert stored(front) == before + 3
    assert all_there() == 0


def test_the_broker_away_for_a_while(start_loader, broker, market, all_there):
    all_there()
    loader = start_loader()
    until(lambda: loader.said(" loads "), "topics")
    market.publish()
    broker.kill()
    try:
        until(lambda: loader.said("trying again"), "that the broker is missed")
    finally:
        broker.restart()
    market.publish(blocks=PARTITIONS)
    until(lambda: sum(market.loaded()) == sum(market.blocks), "the commit")
    assert loader.end() == 0
    assert all_there() == 0


def test_a_repeat_that_clickhouse_does_not_know_as_one_any_more(in_flight, front, all_there):
    with ClickHouse(front.settings) as clickhouse:
        clickhouse.writer.command("ALTER TABLE event_listing MODIFY SETTING non_replicated_deduplication_window = 1")
        loader = in_flight(30)
        loader.process.kill()
        loader.process.wait()
        front.fail()
        others = [["x", f"other-{number}"] for number in range(3)]
        for row in others:
            settings = {"insert_deduplication_token": row[1]}
            clickhouse.writer.insert("event_listing", [row], column_names=["publisher", "event_id"], settings=settings)
        clickhouse.writer.command("DELETE FROM event_listing WHERE publisher = 'x'")
        clickhouse.writer.command("SYSTEM STOP MERGES event_listing")  # one would fold the repeat before it is counted
        before = stored(front)
        assert all_there() == 3
        assert stored(front) == before + 3
        clickhouse.writer.command("SYSTEM START MERGES event_listing")
        clickhouse.writer.command("ALTER TABLE event_listing MODIFY SETTING non_replicated_deduplication_window = 1000")
