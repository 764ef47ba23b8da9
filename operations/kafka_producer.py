"""Messages of commands and jobs over Kafka: few, and each is waited for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kafka import KafkaProducer
from kafka.errors import KafkaError

from suyuan.connections.kafka import KafkaConnection
from suyuan.errors import ErrorKind, SuyuanError

LARGEST_BYTES = 32 << 20
"""of a message that is sent: what topics take (see `suyuan topics check`)"""
DELIVERY_MS = 60_000


@contextmanager
def kafka_producer(connection: KafkaConnection) -> Iterator[KafkaProducer]:
    """A producer, for the duration of the context. Raises SuyuanError, also for what the brokers say within."""
    try:
        producer = KafkaProducer(
            **connection.kafka_python(),
            acks="all",
            compression_type="lz4",
            max_request_size=LARGEST_BYTES,
            delivery_timeout_ms=DELIVERY_MS,
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )
        try:
            yield producer
        finally:
            producer.close()
    except KafkaError as error:
        raise kafka_failure(error) from error


def kafka_failure(error: KafkaError) -> SuyuanError:
    """What the brokers said."""
    said = f"Kafka: {type(error).__name__}: {error}"
    return SuyuanError(said, ErrorKind.UNAVAILABLE if error.retriable else ErrorKind.FAILED)
