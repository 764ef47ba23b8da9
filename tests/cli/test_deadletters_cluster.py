"""`suyuan deadletters` where the log is Kafka's and the tables a ClickHouse server's."""

from __future__ import annotations

import json

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from suyuan.operations.dead_letters.kafka import kafka_replay_log
from suyuan.operations.topics.create import make_topics
from suyuan.sinks.clickhouse import ClickHouse
from suyuan.sinks.migrations import migrate
from tests.sinks.conftest import WITHOUT_FSYNC, emptied
from tests.sinks.contract.views import load
from tests.sinks.front_process import FrontProcess
from tests.sinks.rows import block, dead_letter, events
from tests.streams.stages.part import encoded
from tests.streams.stages.published import event

PARTITIONS = 2
UNREADABLE = b"\x01\x00"


@pytest.fixture(scope="module")
def connection(start_broker, tmp_path_factory):
    """A broker of one's own: names of topics are those of the product."""
    with start_broker(tmp_path_factory.mktemp("kafka") / "broker") as broker:
        make_topics(broker.connection, PARTITIONS)
        yield broker.connection


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    front = FrontProcess(tmp_path_factory.mktemp("front") / "clickhouse")
    front.start()
    yield front
    front.kill()


@pytest.fixture
def clickhouse(server):
    with ClickHouse(server.settings) as clickhouse:
        migrate(clickhouse.writer, placeholders=WITHOUT_FSYNC)
        yield emptied(clickhouse)


@pytest.fixture
def command(suyuan, connection, server):
    def run(*arguments, code=0):
        answer = suyuan(
            "deadletters",
            *arguments,
            "--json",
            SUYUAN_KAFKA=",".join(connection.servers),
            SUYUAN_CLICKHOUSE=f"127.0.0.1:{server.port}",
        )
        assert answer.code == code, answer.errors
        return [json.loads(line) for line in answer.output.splitlines()]

    return run


@pytest.fixture
def published(connection):
    """Publish messages of in.entity into partition 1; the offset of each."""

    def publish(*messages):
        producer = KafkaProducer(**connection.kafka_python(), max_request_size=32 << 20)
        try:
            sent = [producer.send("in.entity", value, key, partition=1) for key, value in messages]
            return [each.get(timeout=60).offset for each in sent]
        finally:
            producer.close()

    return publish


def letter(offset, key, value):
    kept = (value or b"")[: 1 << 20]
    size = len(value or b"")
    return dead_letter("in.entity", 1, offset, key=key, payload=kept, payload_bytes=size, kind="entity")


def messages(connection):
    """Key and value of every message of in.entity, by offset."""
    at = TopicPartition("in.entity", 1)
    consumer = KafkaConsumer(**connection.kafka_python(), auto_offset_reset="earliest", enable_auto_commit=False)
    try:
        consumer.assign([at])
        end = consumer.end_offsets([at])[at]
        found = {}
        while len(found) < end:
            found |= {each.offset: (each.key, each.value) for each in consumer.poll(1000).get(at, ())}
        return found
    finally:
        consumer.close()


def load_replays(connection, clickhouse):
    """What the loader does."""
    with kafka_replay_log(connection) as log:
        for partition in range(PARTITIONS):
            for offset in range(log.reader.end_offsets()["dead_letter.replay", partition]):
                load(
                    clickhouse,
                    "dead_letter.replay",
                    log.reader.fetch("dead_letter.replay", partition, offset, 1, 1).values[0],
                )


def test_a_replay_over_kafka_is_sent_once_and_written_down(command, connection, clickhouse, published):
    good, large = encoded(event("entity")), b"\x01" * (3 << 20)
    sent = [(b"key\xff", good), (None, UNREADABLE), (b"large", large), (b"k", b""), (b"k", None)]
    offsets = published(*sent)
    letters = [letter(offset, *message) for offset, message in zip(offsets, sent, strict=True)]
    load(clickhouse, "dead_letter", block("dead_letter", *letters))
    ids = [f"in.entity:1:{offset}" for offset in offsets]
    assert {each["id"]: each["replays"] for each in command("list")} == dict.fromkeys(ids, 0)

    would = command("replay", "--all", "--dry-run", code=1)
    assert [each["result"] for each in would] == ["would_replay", *["unreadable"] * 4]
    assert len(messages(connection)) == len(sent)
    first, *others = command("replay", "--all", code=1)
    assert (first["id"], first["result"], first["offset"]) == (ids[0], "replayed", offsets[-1] + 1)
    assert {each["result"] for each in others} == {"unreadable"}
    # the log's own account says so before any table does
    assert command("replay", ids[0])[0]["result"] == "replayed_before"

    again = command("replay", *ids[1:], "--force")
    assert {each["result"] for each in again} == {"replayed"}
    found = messages(connection)
    assert [found[each["offset"]] for each in (first, *again)] == sent
    assert len(found) == 2 * len(sent)

    load_replays(connection, clickhouse)
    load(clickhouse, "event.entity", events("entity", {"code": "C"}, partition=1, first=first["offset"]))
    assert command("list", "--state", "open") == []
    (replay,) = command("show", ids[0])[0]["replays"]
    assert (replay["replayed_offset"], replay["outcome"]) == (first["offset"], "accepted")


def test_what_the_topic_no_longer_has_is_said_to_be_gone(command, clickhouse):
    large = b"\x01" * (2 << 20)
    load(clickhouse, "dead_letter", block("dead_letter", letter(10_000_000, None, large)))
    (outcome,) = command("replay", "in.entity:1:10000000", "--force", code=1)
    assert outcome["result"] == "gone"


def test_no_server_answers(suyuan, connection):
    servers = ",".join(connection.servers)
    answer = suyuan("deadletters", "list", SUYUAN_KAFKA=servers, SUYUAN_CLICKHOUSE="127.0.0.1:1")
    assert answer.code == 4
