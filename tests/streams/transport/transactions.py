"""Publishers that write in transactions."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaProducer

from suyuan.connections.kafka import KafkaConnection


class Transactions:
    """`commit` and `abort`: one transaction of these values; each ends with a record that nobody reads."""

    def __init__(self, producer: Any) -> None:
        self._producer = producer

    def commit(self, topic: str, partition: int, *values: bytes, keys: list[bytes] | None = None) -> None:
        self.begin(topic, partition, *values, keys=keys)
        self._producer.commit_transaction()

    def abort(self, topic: str, partition: int, *values: bytes) -> None:
        self.begin(topic, partition, *values)
        self._producer.abort_transaction()

    def begin(self, topic: str, partition: int, *values: bytes, keys: list[bytes] | None = None) -> None:
        self._producer.begin_transaction()
        for index, value in enumerate(values):
            key = None if keys is None else keys[index]
            self._producer.send(topic, value=value, key=key, partition=partition)
        self._producer.flush()

    def end(self) -> None:
        self._producer.commit_transaction()


@contextmanager
def transactions(connection: KafkaConnection) -> Iterator[Transactions]:
    producer = KafkaProducer(**connection.kafka_python(), transactional_id=f"publisher-{secrets.token_hex(4)}")
    try:
        producer.init_transactions()
        yield Transactions(producer)
    finally:
        producer.close()
