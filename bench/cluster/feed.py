"""Events as record batches, made beforehand and sent as fast as the broker takes them, or at a steady rate."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaProducer

from suyuan.connections.kafka import KafkaConnection
from suyuan.domain.keys import partition_of
from suyuan.simulation.bulk import Bulk, EncodedEvents

BATCH_BYTES = 256 << 10
"""before lz4"""
PORTIONS_PER_SECOND = 50
AT_ONCE = 64
"""batches on their way"""


def publish(connection: KafkaConnection, partitions: int, events: Iterable[EncodedEvents]) -> int:
    """Returns the number of events, once all are acknowledged; each partition's are in order."""
    return asyncio.run(_publish(connection, partitions, events))


def publish_steadily(
    connection: KafkaConnection, partitions: int, bulk: Bulk, start: int, stop: int, rate: int
) -> list[float]:
    """Listings `start` to `stop`, `rate` a second in fifty portions. Returns when each was due (seconds since the
    epoch): whoever is late in publishing is not forgiven.
    """
    portion = max(1, rate // PORTIONS_PER_SECOND)
    portions = [list(bulk.listing_batches(first, min(first + portion, stop))) for first in range(start, stop, portion)]
    return asyncio.run(_publish_steadily(connection, partitions, portions, portion / rate))


async def _publish(connection: KafkaConnection, partitions: int, events: Iterable[EncodedEvents]) -> int:
    count = 0
    async with _producer(connection) as producer:
        waiting: list[Any] = []
        for each in events:
            count += len(each.keys)
            waiting += await _send(producer, each, partitions)
            if len(waiting) > AT_ONCE:
                await asyncio.gather(*waiting)
                waiting.clear()
        await asyncio.gather(*waiting)
    return count


async def _publish_steadily(
    connection: KafkaConnection, partitions: int, portions: list[list[EncodedEvents]], seconds: float
) -> list[float]:
    times: list[float] = []
    async with _producer(connection) as producer:
        begin, waiting = time.time() + 0.5, []
        for number, portion in enumerate(portions):
            due = begin + number * seconds
            await asyncio.sleep(max(0.0, due - time.time()))
            for events in portion:
                times += [due] * len(events.keys)
                waiting += await _send(producer, events, partitions)
        await asyncio.gather(*waiting)
    return times


def _producer(connection: KafkaConnection) -> AIOKafkaProducer:
    return AIOKafkaProducer(
        **connection.aiokafka(), compression_type="lz4", max_batch_size=BATCH_BYTES, enable_idempotence=True
    )


async def _send(producer: AIOKafkaProducer, events: EncodedEvents, partitions: int) -> list[Any]:
    lanes: dict[int, list[int]] = {}
    for index, key in enumerate(events.keys):
        lanes.setdefault(partition_of(key, partitions), []).append(index)
    return [
        await producer.send_batch(batch, f"in.{events.kind}", partition=partition)
        for partition, rows in lanes.items()
        for batch in batches(producer, [(events.keys[row], events.values[row]) for row in rows])
    ]


def batches(producer: AIOKafkaProducer, pairs: Iterable[tuple[bytes | None, bytes | None]]) -> Iterable[Any]:
    """Closed batches of (key, value) pairs, in order."""
    batch = producer.create_batch()
    for key, value in pairs:
        if batch.append(timestamp=None, key=key, value=value) is None:
            yield batch  # full, and closed by that
            batch = producer.create_batch()
            batch.append(timestamp=None, key=key, value=value)
    batch.close()
    if batch.record_count():
        yield batch
