"""Replays over Kafka."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from kafka import KafkaProducer
from kafka.errors import KafkaError

from suyuan.connections.kafka import KafkaConnection
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.dead_letters.log import TOPIC, Message
from suyuan.schemas.topics import INPUTS
from suyuan.sinks.kafka_log import KafkaLog

GROUP = "deadletters"
"""named to the brokers; nothing is ever committed for it"""
LARGEST_BYTES = 32 << 20
"""of a message that is sent: what topics take (see `suyuan topics check`)"""
DELIVERY_MS = 60_000


class KafkaReplayLog:
    """Keeps no identities: two commands at once may send the same twice, and intake calls one a duplicate."""

    def __init__(self, reader: KafkaLog, producer: KafkaProducer) -> None:
        self.reader = reader
        self._producer = producer

    def send(self, messages: Sequence[Message]) -> list[int | None]:
        """Send the messages. Returns the offset of each. Raises SuyuanError where the brokers refuse one; those before
        it may be stored.
        """
        try:
            sent = [
                self._producer.send(message.topic, message.value, message.key, partition=message.partition)
                for message in messages
            ]
            return [each.get(timeout=DELIVERY_MS / 1000).offset for each in sent]
        except KafkaError as error:
            raise _failure(error) from error


@contextmanager
def kafka_replay_log(connection: KafkaConnection) -> Iterator[KafkaReplayLog]:
    """Connect, for the duration of the context. Raises SuyuanError, also for what happens within."""
    try:
        reader = KafkaLog(connection, [*INPUTS, TOPIC], GROUP)
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
                yield KafkaReplayLog(reader, producer)
            finally:
                producer.close()
        finally:
            reader.close()
    except KafkaError as error:
        raise _failure(error) from error


def _failure(error: KafkaError) -> SuyuanError:
    said = f"Kafka: {type(error).__name__}: {error}"
    return SuyuanError(said, ErrorKind.UNAVAILABLE if error.retriable else ErrorKind.FAILED)
