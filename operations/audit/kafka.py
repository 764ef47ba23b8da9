"""Into the audit's topics of a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from suyuan.connections.kafka import KafkaConnection
from suyuan.domain.keys import partition_of
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.audit.backfill import TOPICS, backfill_blocks
from suyuan.operations.kafka_producer import DELIVERY_MS, kafka_producer

POLL_MS = 1_000
LOOKS = 30
"""polls without an answer until the brokers are taken for silent"""


@dataclass(frozen=True, slots=True)
class _Fetched:
    offsets: Sequence[int]
    keys: Sequence[bytes | None]
    values: Sequence[bytes | None]
    timestamps: Sequence[int]


def append_to_cluster(connection: KafkaConnection, topic: str, key: str, values: Sequence[bytes]) -> None:
    """See `Deployment.append`. Raises SuyuanError."""
    with kafka_producer(connection) as producer:
        partition = partition_of(key, len(_partitions(producer, topic)))
        for sent in [producer.send(topic, value=value, partition=partition) for value in values]:
            sent.get(timeout=DELIVERY_MS / 1000)


def backfill_cluster(connection: KafkaConnection) -> int:
    """See `Deployment.backfill_audit`. Of what there is when it begins. Raises SuyuanError."""
    count = 0
    with kafka_producer(connection) as producer, _consumer(connection) as consumer:
        partitions = len(_partitions(producer, "audit.record"))
        places = [TopicPartition(topic, at) for topic in TOPICS for at in sorted(_partitions(producer, topic))]
        starts, ends = consumer.beginning_offsets(places), consumer.end_offsets(places)
        ranges = {(at.topic, at.partition): (starts[at], ends[at]) for at in places}

        def fetch(topic: str, partition: int, offset: int, most: int, _bytes: int) -> _Fetched:
            at = TopicPartition(topic, partition)
            return _fetched(consumer, at, offset, ends[at], most)

        for message in backfill_blocks(ranges, fetch, partitions):
            # one after the other: their order is that of the entries
            producer.send(message.topic, value=message.value, partition=message.partition).get(
                timeout=DELIVERY_MS / 1000
            )
            count += message.rows.height
    return count


def _fetched(consumer: KafkaConsumer, at: TopicPartition, offset: int, end: int, most: int) -> _Fetched:
    """Records from the offset on; none where everything up to the end is what transactions broke off."""
    if consumer.assignment() != {at}:
        consumer.assign([at])
    if consumer.position(at) != offset:
        consumer.seek(at, offset)
    for _ in range(LOOKS):
        records = consumer.poll(timeout_ms=POLL_MS, max_records=most).get(at, ())
        if records:
            return _Fetched(
                [record.offset for record in records],
                [record.key for record in records],
                [record.value for record in records],
                [record.timestamp for record in records],
            )
        if consumer.position(at) >= end:
            return _Fetched([], [], [], [])
    raise SuyuanError(
        f"{at.topic}-{at.partition} gives nothing from offset {offset} on, though it ends at {end}",
        ErrorKind.UNAVAILABLE,
    )


def _partitions(producer: KafkaProducer, topic: str) -> set[int]:
    found: set[int] | None = producer.partitions_for(topic)
    if not found:
        raise SuyuanError(f"there is no topic {topic}: suyuan topics create", ErrorKind.CONFIGURATION)
    return found


@contextmanager
def _consumer(connection: KafkaConnection) -> Iterator[KafkaConsumer]:
    consumer = KafkaConsumer(
        **connection.kafka_python(),
        group_id=None,
        enable_auto_commit=False,
        isolation_level="read_committed",
        allow_auto_create_topics=False,
    )
    try:
        yield consumer
    finally:
        consumer.close()
