"""Faust's producer over Kafka: idempotent, acknowledged by every replica in sync."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from itertools import repeat
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError
from faust.transport import base
from faust.types.tuples import TP, RecordMetadata

from suyuan.connections.aiokafka_internals import append_of, check_before_produce, close_batch
from suyuan.connections.log_errors import LogUnavailable, TransportError
from suyuan.connections.packing import pack_fast
from suyuan.domain.keys import partition_of
from suyuan.eventlog.records import Records
from suyuan.streams.faust_internals import consumer_if_made
from suyuan.streams.transport.errors import LeaseLost
from suyuan.streams.transport.kafka.leased_connections import break_off_without_lease

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator, Sequence

    from suyuan.eventlog.records import Headers, Record
    from suyuan.streams.transport.faust_app import FaustApp
    from suyuan.streams.transport.run_consumer import RunConsumer

BATCH_BYTES = 900_000
"""before compression: a topic of default settings takes a batch of 1 MiB"""
MESSAGE_BYTES = 32 << 20
RETRY_FOR_MS = 300_000
LEASE_POLL_SECONDS = 0.1


class Producer(base.Producer):  # type: ignore[misc] # faust is untyped here
    """Messages sent singly are joined for LINGER_MS; `append_many` takes many at once. Messages of a partition lie
    there in the order of the calls. They are packed as `TransportOptions.compression` says.
    """

    app: FaustApp
    LINGER_MS = 1
    _kafka: Any = None
    """aiokafka's producer, once started"""

    async def on_start(self) -> None:
        """Connect."""
        await super().on_start()
        pack_fast()
        self._kafka = AIOKafkaProducer(
            **self.transport.connection().aiokafka(),
            client_id=self.app.conf.broker_client_id,
            acks="all",
            enable_idempotence=True,
            linger_ms=self.LINGER_MS,
            max_batch_size=BATCH_BYTES,
            max_request_size=MESSAGE_BYTES,
            compression_type=self.app.transport_options.compression,
            partitioner=_partition,
            request_timeout_ms=RETRY_FOR_MS,
        )
        await self._kafka.start()
        # what was queued before this process stood still must not be sent after it
        check_before_produce(self._kafka, self._hold_lease, LeaseLost)
        break_off_without_lease(self._kafka.client, self._holds_lease)

    async def on_stop(self) -> None:
        """Wait until what was sent is acknowledged, and disconnect."""
        await super().on_stop()
        if self._kafka is not None:
            await self._kafka.stop()

    async def append_many(self, records: Mapping[TP, Sequence[Record] | Records]) -> dict[TP, Sequence[int]]:
        """Append to many partitions and wait until all of it is acknowledged. Each partition's records lie in order,
        others' perhaps between them; the broker may keep some partitions' and not others'.

        Returns the offset of each record. Raises LogUnavailable (try again: what was kept is then there twice),
        LeaseLost, TransportError.
        """
        await self._hold_lease()
        now = time.time_ns() // 1_000_000
        try:
            ends = await asyncio.gather(*(self._append(at, Records.of(many, now)) for at, many in records.items()))
        except KafkaError as error:
            raise _typed(error) from error
        # what was under way while this process stood still may lie behind what the next owner wrote: then nobody here
        # may take it for the newest, least of all the state
        await self._hold_lease()
        return dict(zip(records, ends, strict=True))

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: Mapping[str, bytes] | Headers | None,
        *,
        transactional_id: str | None = None,  # noqa: ARG002 - Faust's signature
    ) -> Awaitable[RecordMetadata]:
        """Queue one message. The awaitable that this returns is done when the message is acknowledged."""
        await self._hold_lease()
        pairs = list(headers.items() if isinstance(headers, Mapping) else headers or ())
        at_ms = None if timestamp is None else round(timestamp * 1000)
        try:
            sent: Awaitable[RecordMetadata] = await self._kafka.send(
                topic, value, key=key, partition=partition, timestamp_ms=at_ms, headers=pairs
            )
        except KafkaError as error:
            raise _typed(error) from error
        return sent

    async def send_and_wait(self, *args: Any, **kwargs: Any) -> RecordMetadata:
        """Send one message and wait until it is acknowledged."""
        return await (await self.send(*args, **kwargs))

    async def flush(self) -> None:
        """Wait until everything sent so far is acknowledged, or has failed with its own awaitable."""
        if self._kafka is not None:
            await self._kafka.flush()

    def key_partition(self, topic: str, key: bytes | None) -> TP:
        """crc32 of the key modulo the topic's partition count."""
        partitions = self._kafka.client.cluster.partitions_for_topic(topic) or {0}
        return TP(topic, partition_of(key or b"", len(partitions)))

    def supports_headers(self) -> bool:
        """True: Kafka keeps headers."""
        return True

    async def create_topic(
        self,
        topic: str,
        partitions: int,
        replication: int,
        *,
        retention: float | None = None,
        compacting: bool | None = None,
        config: Mapping[str, Any] | None = None,
        **_options: Any,
    ) -> None:
        """Make a topic where it is missing; one that exists keeps its configuration."""
        wanted = {name: str(value) for name, value in (config or {}).items()}
        if compacting:
            wanted["cleanup.policy"] = "compact"
        if retention is not None:
            wanted["retention.ms"] = str(round(float(retention) * 1000))
        admin = AIOKafkaAdminClient(**self.transport.connection().aiokafka())
        await admin.start()
        try:
            new = NewTopic(topic, partitions, max(1, int(replication or 1)), topic_configs=wanted)
            await admin.create_topics([new])
        except TopicAlreadyExistsError:
            pass
        finally:
            await admin.close()

    async def _append(self, at: TP, records: Records) -> list[int]:
        waiting = []
        for batch in self._batches(records):
            # returns once the one before is on its way, so they stay in order
            sent = await self._kafka.send_batch(batch, at.topic, partition=at.partition)
            waiting.append((sent, batch.record_count()))
        offsets: list[int] = []
        for sent, count in waiting:
            first = (await sent).offset
            offsets.extend(range(first, first + count))
        return offsets

    def _batches(self, records: Records) -> Iterator[Any]:
        headers = records.headers or repeat(())
        batch, append, count = None, None, 0
        for key, value, timestamp, pairs in zip(records.keys, records.values, records.timestamps or (), headers):  # noqa: B905
            if append is None or append(count, timestamp, key, value, list(pairs)) is None:
                if batch is not None:
                    close_batch(batch, count)
                    yield batch
                # past BatchBuilder.append, which takes longer than the work
                batch = self._kafka.create_batch()
                append, count = append_of(batch), 0
                append(count, timestamp, key, value, list(pairs))
            count += 1
        if batch is not None:
            close_batch(batch, count)
            yield batch

    async def _hold_lease(self) -> None:
        """Wait for a heartbeat to be answered, where none was for too long: brokers that were away still know this
        member; where this process stood still, the answer is that others have its partitions.
        """
        generation = self.app.consumer_generation_id
        while not self._holds_lease():
            if self.app.rebalancing or self.app.consumer_generation_id != generation:
                raise LeaseLost("no heartbeat reached the group's coordinator within the session timeout")
            await asyncio.sleep(LEASE_POLL_SECONDS)

    def _holds_lease(self) -> bool:
        consumer: RunConsumer | None = consumer_if_made(self.app)
        return consumer is None or consumer.holds_lease


def _partition(key: bytes | None, every: Sequence[int], available: Sequence[int]) -> int:
    del available  # a key's partition must not depend on who is up
    return every[partition_of(key or b"", len(every))]


def _typed(error: KafkaError) -> TransportError:
    return LogUnavailable(repr(error)) if error.retriable else TransportError(repr(error))
