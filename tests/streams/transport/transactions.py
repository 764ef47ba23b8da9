"""Publishers that write in transactions.

A broker acknowledges the end of a transaction before its partitions show it, so each end is waited for there.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from suyuan.connections.kafka import KafkaConnection


class Transactions:
    """`commit` and `abort`: one transaction of these values; each ends with a record that nobody reads."""

    _open: ClassVar[set[Transactions]] = set()
    """what is written beside an open transaction is not shown before that one ends"""

    def __init__(self, producer: Any, connection: KafkaConnection) -> None:
        self._producer = producer
        self._connection = connection
        self._written: set[TopicPartition] = set()

    def commit(self, topic: str, partition: int, *values: bytes, keys: list[bytes] | None = None) -> None:
        self.begin(topic, partition, *values, keys=keys)
        self.end()

    def abort(self, topic: str, partition: int, *values: bytes) -> None:
        self.begin(topic, partition, *values)
        self._producer.abort_transaction()
        self._wait_until_shown()

    def begin(self, topic: str, partition: int, *values: bytes, keys: list[bytes] | None = None) -> None:
        self._producer.begin_transaction()
        self._open.add(self)
        self._written.add(TopicPartition(topic, partition))
        for index, value in enumerate(values):
            key = None if keys is None else keys[index]
            self._producer.send(topic, value=value, key=key, partition=partition)
        self._producer.flush()

    def end(self) -> None:
        self._producer.commit_transaction()
        self._wait_until_shown()

    def _wait_until_shown(self) -> None:
        """Until nothing of the partitions is hidden from readers of what is committed, but by other transactions."""
        self._open.discard(self)
        deadline = time.monotonic() + 60
        while not self._open and self._ends("read_committed") != self._ends("read_uncommitted"):
            assert time.monotonic() < deadline, f"{self._written} show no end of the transaction"
            time.sleep(0.02)
        self._written.clear()

    def _ends(self, isolation: str) -> dict[TopicPartition, int]:
        consumer = KafkaConsumer(**self._connection.kafka_python(), isolation_level=isolation)
        try:
            ends: dict[TopicPartition, int] = consumer.end_offsets(list(self._written))
        finally:
            consumer.close()
        return ends


@contextmanager
def transactions(connection: KafkaConnection) -> Iterator[Transactions]:
    producer = KafkaProducer(**connection.kafka_python(), transactional_id=f"publisher-{secrets.token_hex(4)}")
    try:
        producer.init_transactions()
        yield Transactions(producer, connection)
    finally:
        producer.close()
