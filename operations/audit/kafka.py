"""Into the audit's topics of a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from suyuan.connections.kafka import KafkaConnection
from suyuan.domain.keys import partition_of
from suyuan.operations.audit.backfill import TOPICS, backfill_blocks

POLL_MS = 1_000
LOOKS = 30
"""polls without an answer until the rest of a partition is taken for none"""


@dataclass(frozen=True, slots=True)
class _Fetched:
    offsets: list[int]
    keys: list[bytes | None]
    values: list[bytes | None]
    timestamps: list[int]


def append_to_cluster(connection: KafkaConnection, topic: str, key: str, values: Sequence[bytes]) -> None:
    """See `Deployment.append`."""
    with _producer(connection) as producer:
        partition = partition_of(key, len(producer.partitions_for(topic)))
        for sent in [producer.send(topic, value=value, partition=partition) for value in values]:
            sent.get()


def backfill_cluster(connection: KafkaConnection) -> int:
    """See `Deployment.backfill_audit`. Of what there is when it begins."""
    consumer = KafkaConsumer(
        **connection.kafka_python(), group_id=None, enable_auto_commit=False, isolation_level="read_committed"
    )
    count = 0
    try:
        with _producer(connection) as producer:
            partitions = len(producer.partitions_for("audit.record"))
            places = [TopicPartition(topic, at) for topic in TOPICS for at in producer.partitions_for(topic) or ()]
            starts, ends = consumer.beginning_offsets(places), consumer.end_offsets(places)
            ranges = {(at.topic, at.partition): (starts[at], ends[at]) for at in places}

            def fetch(topic: str, partition: int, offset: int, most: int, _bytes: int) -> _Fetched:
                return _fetched(consumer, TopicPartition(topic, partition), offset, most)

            for message in backfill_blocks(ranges, fetch, partitions):
                # one after the other: their order is that of the entries
                producer.send(message.topic, value=message.value, partition=message.partition).get()
                count += message.rows.height
    finally:
        consumer.close()
    return count


def _fetched(consumer: Any, at: TopicPartition, offset: int, most: int) -> _Fetched:
    consumer.assign([at])
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
        if consumer.position(at) >= consumer.end_offsets([at])[at]:
            break
    return _Fetched([], [], [], [])


@contextmanager
def _producer(connection: KafkaConnection) -> Iterator[Any]:
    producer = KafkaProducer(**connection.kafka_python(), acks="all")
    try:
        yield producer
    finally:
        producer.close()
