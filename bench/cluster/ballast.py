"""Growing a state quickly: copies of all its pairs, written as the product's commits write, changelog and store."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from bench.cluster import feed
from bench.cluster.copies import Copies, copied_key
from suyuan.connections.kafka import KafkaConnection
from suyuan.operations.topics.spec import changelog
from suyuan.simulation.bulk import Bulk
from suyuan.streams.state.partition import PartitionState
from suyuan.streams.state.rocks_store import RocksStore

COMMIT_PAIRS = 50_000
PROCESSES = 2
_SCAN = 10_000

_Pair = tuple[bytes, bytes]


def count(state: Path) -> int:
    """Keys of all stages and partitions below a state folder that no process has open."""
    return sum(sum(1 for _ in _pairs(folder)) for folder in _folders(state))


def grow(state: Path, connection: KafkaConnection, market: Bulk, copies: int) -> int:
    """Add so many copies of the market to the state that came from it. Returns the number of keys written."""
    tasks = [(folder, connection, market, copies) for folder in _folders(state)]
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        return sum(pool.starmap(_grow, tasks, chunksize=1))


def _grow(folder: Path, connection: KafkaConnection, market: Bulk, copies: int) -> int:
    return asyncio.run(_write(folder, connection, Copies(market), copies))


async def _write(folder: Path, connection: KafkaConnection, copying: Copies, copies: int) -> int:
    stage, _, partition_text = folder.stem.partition("-state-")
    topic, partition = changelog(stage), int(partition_text)
    own = [pair for pair in _pairs(folder) if copied_key(pair[0])]
    pairs = (
        (copying.of_key(key, copy), copying.of_bytes(value, copy))
        for copy in range(1, copies + 1)
        for key, value in own
    )
    state = PartitionState(RocksStore(folder))
    written = 0
    producer = AIOKafkaProducer(
        **connection.aiokafka(),
        acks="all",
        enable_idempotence=True,
        max_batch_size=feed.BATCH_BYTES,
        compression_type="lz4",
    )
    async with producer:
        while portion := list(islice(pairs, COMMIT_PAIRS)):
            view = state.view()
            view.put_many(*map(list, zip(*portion, strict=True)))
            commit = state.prepare(view, {})
            offset = await _append(producer, topic, partition, *commit.records())
            await asyncio.to_thread(state.write, commit, offset)
            written += len(portion)
    state.store.close()
    return written


async def _append(producer: AIOKafkaProducer, topic: str, partition: int, *records: list[Any]) -> int:
    """The last one's offset, once all are durable."""
    batches = feed.batches(producer, zip(*records, strict=True))
    sent = [(await producer.send_batch(each, topic, partition=partition), each.record_count()) for each in batches]
    ends = [(await stored).offset + records_in - 1 for stored, records_in in sent]
    return int(ends[-1])


def _pairs(folder: Path) -> Iterator[_Pair]:
    store, after = RocksStore(folder), None
    while pairs := store.scan(b"", after, _SCAN):
        after = pairs[-1][0]
        yield from pairs
    store.close()


def _folders(state: Path) -> list[Path]:
    return sorted(state.rglob("*-state-*.db"))
