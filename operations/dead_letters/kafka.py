"""Replays over Kafka."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from kafka import KafkaProducer
from kafka.errors import KafkaError

from suyuan.connections.kafka import KafkaConnection
from suyuan.operations.dead_letters.log import TOPIC, Message
from suyuan.operations.kafka_producer import DELIVERY_MS, kafka_failure, kafka_producer
from suyuan.schemas.topics import INPUTS
from suyuan.sinks.kafka_log import KafkaLog

GROUP = "deadletters"
"""named to the brokers; nothing is ever committed for it"""


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
            raise kafka_failure(error) from error


@contextmanager
def kafka_replay_log(connection: KafkaConnection) -> Iterator[KafkaReplayLog]:
    """Connect, for the duration of the context. Raises SuyuanError, also for what happens within."""
    try:
        with closing(KafkaLog(connection, [*INPUTS, TOPIC], GROUP)) as reader, kafka_producer(connection) as producer:
            yield KafkaReplayLog(reader, producer)
    except KafkaError as error:
        raise kafka_failure(error) from error
