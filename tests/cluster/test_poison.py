"""Faults 14 to 17 over a real broker."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaConsumer, TopicPartition

from suyuan.connections.refused_batch import RefusedBatch
from tests.cluster.kafka_world import PATIENCE_SECONDS, KafkaWorld
from tests.streams.faults.evolution import EvolutionContract
from tests.streams.faults.poison import PoisonContract, encoded_entity
from tests.streams.faults.sizes import SizesContract
from tests.streams.faults.world import by_place, work

pytestmark = pytest.mark.real_time


@pytest.fixture
def world(kafka, tmp_path):
    world = KafkaWorld(kafka, tmp_path, partitions=2)
    yield world
    world.end()


class TestPoison(PoisonContract):
    pass


class TestEvolution(EvolutionContract):
    pass


class TestSizes(SizesContract):
    pass


def test_a_worker_that_reads_poison_ends_with_the_reason_and_goes_on_when_it_is_told_to(world):
    bad = [b"\x00\x00\x00\x00\x63"] * 600
    world.publish("in.entity", 1, [*bad, encoded_entity("good")])
    assert world.begin_worker("worker", "--once").wait(PATIENCE_SECONDS) == 1
    for piece in ("in.entity-1: 501 of the last 1,000 messages", "unknown schema id 99", "--accept-poison"):
        assert piece in world.said("worker")
    assert "Traceback" not in world.said("worker")
    assert world.committed("in.entity", 1) == 500
    assert world.begin_worker("worker", "--once", "--accept-poison").wait(PATIENCE_SECONDS) == 0
    assert set(by_place(world.rows("dead_letter"))) == {(1, offset) for offset in range(600)}
    assert set(by_place(world.rows("event.entity"))) == {(1, 600)}


def test_a_batch_that_would_take_all_memory_is_one_dead_letter_and_the_partition_goes_on(world):
    world.publish("in.entity", 1, [encoded_entity("before")])
    asyncio.run(publish_bomb(world.connection, "in.entity", 1, [30 << 20] * 3))
    world.publish("in.entity", 1, [encoded_entity("after")])
    asyncio.run(work(world))
    assert set(by_place(world.rows("event.entity"))) == {(1, 0), (1, 4)}
    assert world.committed("in.entity", 1) == 5
    ((place, letter),) = by_place(world.rows("dead_letter")).items()
    assert place == (1, 3)
    assert letter["payload_bytes"] == len(letter["payload"]) < 100_000
    assert letter["received_at"] > 1_700_000_000_000
    for piece in ("offsets 1 to 3", "zstd", "unpacks to more than 67,108,864 bytes", "in batches of at most"):
        assert piece in letter["reason"]
    consumer = KafkaConsumer(**world.connection.kafka_python())
    try:
        consumer.assign([at := TopicPartition("in.entity", 1)])
        consumer.seek(at, 0)
        found = {}
        while 4 not in found:
            found |= {record.offset: record.value for record in consumer.poll(1000).get(at, ())}
    finally:
        consumer.close()
    assert list(found) == [0, 3, 4]
    assert isinstance(found[3], RefusedBatch)


async def publish_bomb(connection, topic, partition, sizes):
    """One batch of messages of zeros."""
    producer = AIOKafkaProducer(**connection.aiokafka(), compression_type="zstd", max_batch_size=1 << 30)
    await producer.start()
    try:
        batch = producer.create_batch()
        for size in sizes:
            assert batch.append(key=None, value=bytes(size), timestamp=None)
        await (await producer.send_batch(batch, topic, partition=partition))
    finally:
        await producer.stop()
