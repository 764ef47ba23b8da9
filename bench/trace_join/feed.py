"""A part of the market as record batches, made beforehand, and sent as fast as the broker takes them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from aiokafka import AIOKafkaProducer

from bench.trace_join.market import PARTITIONS, Part, rows

BATCH_BYTES = 64 << 10
"""of a batch, before lz4"""
EVENTS_PER_MS = 100
"""timestamps follow the order of publishing, so that who reads topics in the order of time finds it there"""

Batches = list[tuple[str, int, Any]]
"""(topic, partition, batch), each partition's in order"""


class Feed:
    """Publishes to one broker. `async with Feed(servers) as feed`."""

    def __init__(self, servers: str) -> None:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=servers, compression_type="lz4", max_batch_size=BATCH_BYTES, acks="all"
        )
        self._clock = time.time_ns() // 1_000_000 * EVENTS_PER_MS

    async def __aenter__(self) -> Self:
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    def batches(self, part: Part, *, late: bool) -> tuple[Batches, Batches]:
        """What goes first, in this order: records, listings; and what comes later: with `late` half of the records."""
        keys, values = rows(part.record_keys), rows(part.records)
        postponed = part.late if late else np.zeros(len(part.late), dtype=np.bool_)
        first = self._of("records", keys, values, part.record_partitions, np.flatnonzero(~postponed))
        listing_keys, listings = rows(part.listing_keys), rows(part.listings)
        every = np.arange(len(listings))
        first += self._of("listings", listing_keys, listings, part.listing_partitions, every)
        return first, self._of("records", keys, values, part.record_partitions, np.flatnonzero(postponed))

    def portions(self, part: Part, size: int) -> list[Batches]:
        """The part's listings in their order, so many at once."""
        keys, values = rows(part.listing_keys), rows(part.listings)
        starts = range(0, len(values), size)
        return [
            self._of("listings", keys, values, part.listing_partitions, np.arange(at, min(at + size, len(values))))
            for at in starts
        ]

    async def publish_steadily(self, portions: list[Batches], seconds: float) -> list[float]:
        """A portion each so many seconds. When each was due (seconds since the epoch): whoever is late in publishing is
        not forgiven.
        """
        begin, due, sent = time.time() + 0.5, [], []
        for number, portion in enumerate(portions):
            due.append(begin + number * seconds)
            await asyncio.sleep(max(0.0, due[-1] - time.time()))
            sent.append(asyncio.ensure_future(self.publish(portion)))
        await asyncio.gather(*sent)
        return due

    async def publish(self, batches: Batches) -> None:
        """Returns when all is acknowledged."""
        lanes: dict[tuple[str, int], list[Any]] = {}
        for topic, partition, batch in batches:
            lanes.setdefault((topic, partition), []).append(batch)
        await asyncio.gather(*(self._send(*at, lane) for at, lane in lanes.items()))

    async def _send(self, topic: str, partition: int, lane: Iterable[Any]) -> None:
        sent = [await self._producer.send_batch(batch, topic, partition=partition) for batch in lane]
        await asyncio.gather(*sent)

    def _of(
        self, topic: str, keys: list[bytes], values: list[bytes], partitions: np.ndarray[Any, Any], chosen: Any
    ) -> Batches:
        made: Batches = []
        start = self._clock
        self._clock += len(chosen)
        for partition in range(PARTITIONS):
            batch = self._producer.create_batch()
            for place in np.flatnonzero(partitions[chosen] == partition).tolist():
                index = chosen[place]
                record = {"timestamp": (start + place) // EVENTS_PER_MS, "key": keys[index], "value": values[index]}
                if batch.append(**record) is None:
                    made.append((topic, partition, batch))
                    batch = self._producer.create_batch()
                    batch.append(**record)
            batch.close()
            if batch.record_count():
                made.append((topic, partition, batch))
        return made
