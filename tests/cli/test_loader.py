"""`suyuan loader` between a real broker and a ClickHouse over HTTP."""

from __future__ import annotations

import json

import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition

from suyuan.sinks.clickhouse import ClickHouse
from tests.cli.loader_process import LoaderProcess, make_all_topics, until
from tests.sinks.front_process import FrontProcess
from tests.sinks.rows import alert, block, chain, dead_letter, events, listing

pytestmark = pytest.mark.real_time


@pytest.fixture(scope="module")
def broker(start_broker, tmp_path_factory):
    """Of its own: topics have the names that the product knows."""
    with start_broker(tmp_path_factory.mktemp("loader") / "broker") as broker:
        make_all_topics(broker.connection)
        yield broker


@pytest.fixture(scope="module")
def publish(broker):
    producer = KafkaProducer(**broker.connection.kafka_python())

    def send(topic, partition, *blocks):
        for each in [producer.send(topic, value=value, partition=partition) for value in blocks]:
            each.get(timeout=60)

    yield send
    producer.close()


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    front = FrontProcess(tmp_path_factory.mktemp("tables") / "clickhouse")
    front.start()
    yield front
    front.kill()


@pytest.fixture
def start_loader(tmp_path, broker, front):
    started = []

    def start(*options, **environment):
        started.append(LoaderProcess(tmp_path, broker.connection, front, *options, **environment))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.wait()


@pytest.fixture
def ask(front):
    def rows(query):
        with ClickHouse(front.settings, make=False) as clickhouse:
            return clickhouse.writer.query(query).result_rows

    return rows


def test_once_loads_what_there_is_and_tells(start_loader, publish, ask):
    publish("event.listing", 0, events("listing", listing(1), listing(2)))
    publish("event.listing", 1, events("listing", listing(3), partition=1))
    publish("chain", 1, block("chain", chain(1), chain(2)))
    publish("alert.state", 0, block("alert_state", alert("a")))
    loader = start_loader("--once", "--json")
    output, _ = loader.process.communicate(timeout=120)
    assert loader.process.returncode == 0, loader.log.read_text()
    report = json.loads(output)
    assert (report["gap"], report["duplicates"]) == (0, 0)
    assert report["rows"] == {"event_listing": 3, "chain_history": 2, "alert_state_history": 1}
    assert ask("SELECT listing_id FROM chain_current ORDER BY ALL") == [("l1",), ("l2",)]
    again = start_loader("--once", "--json")
    assert json.loads(again.process.communicate(timeout=120)[0])["rows"] == {}


def test_runs_until_it_is_told_to_stop_and_serves_its_figures(start_loader, publish, ask):
    loader = start_loader()
    until(lambda: loader.metric("suyuan_lag_messages", group="loader") is not None, "metrics")
    publish("event.entity", 0, events("entity", {"code": "E", "name": "名", "status": "active"}))
    until(lambda: loader.metric("suyuan_loaded_rows_total", table="event_entity") == 1, "the row")
    assert ask("SELECT code FROM event_entity") == [("E",)]
    assert loader.end() == 0  # one that hangs at its end is ended with another status


def test_two_share_the_topics_and_one_takes_over(start_loader, publish, ask):
    first, second = start_loader(), start_loader()
    for loader in (first, second):
        until(lambda loader=loader: loader.said(" loads "), "topics for both")
    first.process.kill()
    first.process.wait()
    publish("event.lot", 0, events("lot", {"producer_code": "P", "gtin": "g", "lot": "L", "quantity": 1, "inputs": []}))
    publish("event.product", 0, events("product", {"gtin": "g", "producer_code": "P", "name": "n"}))
    for table in ("event_lot", "event_product"):
        until(lambda table=table: ask(f"SELECT count() FROM {table}") == [(1,)], table)  # noqa: S608
    assert second.end() == 0


def test_only_checks_the_schema_when_asked_to(start_loader, ask):
    ask("SELECT 1")
    loader = start_loader("--once", "--check-schema", SUYUAN_CLICKHOUSE_DATABASE="default")
    assert loader.process.wait(timeout=120) == 3
    assert loader.said("database default lacks migrations 1, 2, 3")
    assert ask("SELECT count() FROM system.tables WHERE database = 'default'") == [(0,)]


def test_messages_that_are_gone_are_refused_until_that_is_accepted(start_loader, publish, broker):
    assert start_loader("--once").process.wait(timeout=120) == 0
    publish("dead_letter", 1, b"gone", b"gone too")
    admin = KafkaAdminClient(**broker.connection.kafka_python())
    admin.delete_records({TopicPartition("dead_letter", 1): 2})
    admin.close()
    loader = start_loader("--once")
    assert loader.process.wait(timeout=120) == 1
    assert loader.said("dead_letter-1: 2 messages, offsets 0 to 1, were deleted before they were read")
    assert loader.said("--accept-loss")
    assert not loader.said("Traceback"), loader.log.read_text()
    assert start_loader("--once", "--accept-loss").process.wait(timeout=120) == 0
    assert start_loader("--once").process.wait(timeout=120) == 0


def test_dead_letters_go_to_files_too_each_once(start_loader, publish, tmp_path):
    files = {"SUYUAN_DEAD_LETTER_FILES": str(tmp_path / "letters")}
    publish("dead_letter", 0, block("dead_letter", dead_letter("in.lot", 0, 7), dead_letter("in.lot", 0, 8)))
    for _ in range(2):
        assert start_loader("--once", **files).process.wait(timeout=120) == 0
    loader = start_loader(**files)
    publish("dead_letter", 1, block("dead_letter", dead_letter("in.lot", 1, 3), dead_letter("in.lot", 0, 8)))
    until(lambda: loader.metric("suyuan_loaded_rows_total", table="dead_letter files") == 2, "the lines")
    assert loader.metric("suyuan_lag_messages", group="dead-letter-files") is not None
    assert loader.end() == 0
    (path,) = (tmp_path / "letters" / "in.lot").iterdir()
    assert [json.loads(line)["id"] for line in path.read_text().splitlines()] == [
        "in.lot:0:7",
        "in.lot:0:8",
        "in.lot:1:3",
    ]


@pytest.mark.parametrize(
    ("environment", "code", "message"),
    [
        ({"SUYUAN_CLICKHOUSE": "127.0.0.1:1"}, 4, "ClickHouse at 127.0.0.1:1"),
        ({"SUYUAN_CLICKHOUSE": ""}, 3, "SUYUAN_CLICKHOUSE: missing"),
        ({"SUYUAN_CLICKHOUSE": "192.0.2.1:8123"}, 3, "plaintext"),
        ({"SUYUAN_KAFKA": ""}, 3, "SUYUAN_KAFKA"),
        ({"SUYUAN_KAFKA": "127.0.0.1:1"}, 4, "Kafka"),
    ],
)
def test_what_it_cannot_start_with_is_said(start_loader, environment, code, message):
    loader = start_loader("--once", **environment)
    assert loader.process.wait(timeout=120) == code
    assert loader.said(message)
    assert not loader.said("Traceback"), loader.log.read_text()


def test_a_missing_topic_is_said(start_loader, kafka):
    loader = start_loader("--once", SUYUAN_KAFKA=",".join(kafka.servers))
    assert loader.process.wait(timeout=120) == 3
    assert loader.said("`suyuan topics create` makes them")
