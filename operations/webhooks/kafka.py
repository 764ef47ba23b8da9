"""Deliveries over Kafka: those of all processes are one's, which the group chooses; another takes over when it ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from kafka import KafkaProducer
from kafka.errors import KafkaError

from suyuan.connections.kafka import KafkaConnection
from suyuan.connections.topic_partition import TopicPartition
from suyuan.domain.keys import partition_of
from suyuan.operations.kafka_producer import DELIVERY_MS, kafka_failure
from suyuan.operations.tail import MOST_BYTES, Tail
from suyuan.operations.webhooks.log import ACCESS, ALERTS, DELIVERIES, GROUP, PENDING, SUBSCRIPTIONS, Message
from suyuan.sinks.kafka_log import KafkaLog

READER = "jobs"
"""named to the brokers; nothing is ever committed for it"""


class KafkaHolding:
    """See `log.Holding`. `own`: of ALERTS, whose owner delivers; `other`: of the other topics that are read."""

    def __init__(self, own: KafkaLog, other: KafkaLog, producer: KafkaProducer) -> None:
        self._own = own
        self._other = other
        self._producer = producer

    def take_part(self) -> bool:
        """See `log.Holding`."""
        return ALERTS in (self._own.join() or ())

    def keep(self) -> bool:
        """See `log.Holding`."""
        return self._own.keep()

    def committed(self) -> Mapping[TopicPartition, int]:
        """See `log.Holding`."""
        found = self._own.committed_in(GROUP, ALERTS)
        return {at: offset for at, (offset, _) in found.items() if offset is not None}

    def tail(self, topics: Sequence[str], first_offsets: Mapping[TopicPartition, int]) -> Tail:
        """See `log.Holding`."""
        return Tail(self._own if ALERTS in topics else self._other, topics, first_offsets)

    def alert_ends(self) -> Mapping[TopicPartition, int]:
        """See `log.Holding`."""
        return self._own.end_offsets()

    def alert_starts(self) -> Mapping[TopicPartition, int]:
        """See `log.Holding`."""
        return self._own.start_offsets()

    def alert_message(self, partition: int, offset: int) -> bytes | None:
        """See `log.Holding`."""
        if not self.alert_starts()[ALERTS, partition] <= offset < self.alert_ends()[ALERTS, partition]:
            return None
        found = self._own.fetch(ALERTS, partition, offset, 1, MOST_BYTES)
        return found.values[0] if len(found.offsets) and found.offsets[0] == offset else None

    def append(self, messages: Sequence[Message]) -> None:
        """See `log.Holding`. Those of one partition are stored in their order."""
        try:
            partitions = self._own.partitions(ALERTS)
            sent = [
                self._producer.send(
                    message.topic, message.value, message.key, partition=partition_of(message.key, partitions)
                )
                for message in messages
            ]
            for each in sent:
                each.get(timeout=DELIVERY_MS / 1000)
        except KafkaError as error:
            raise kafka_failure(error) from error

    def commit(self, next_offsets: Mapping[TopicPartition, int]) -> None:
        """See `log.Holding`."""
        self._own.commit(GROUP, next_offsets)


@contextmanager
def kafka_holding(connection: KafkaConnection) -> Iterator[KafkaHolding]:
    """Connect, for the duration of the context. Raises SuyuanError: TopicMissing, LogUnavailable."""
    with ExitStack() as opened:
        own = KafkaLog(connection, [ALERTS], GROUP)
        opened.callback(own.close)
        # DELIVERIES is only written to; that it is missing is to be told here, not after the first attempt
        other = KafkaLog(connection, [ACCESS, SUBSCRIPTIONS, PENDING, DELIVERIES], READER)
        opened.callback(other.close)
        try:
            producer = KafkaProducer(
                **connection.kafka_python(),
                acks="all",
                compression_type="lz4",
                linger_ms=5,
                delivery_timeout_ms=DELIVERY_MS,
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )
        except KafkaError as error:
            raise kafka_failure(error) from error
        opened.callback(producer.close, timeout=5)
        yield KafkaHolding(own, other, producer)
