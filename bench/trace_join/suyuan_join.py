"""Trace-join on the product's transport, state and codec: `python suyuan_join.py SERVERS STATE_FOLDER COMMIT_MS`,
as many processes as one likes.

A fetched run of one partition is a block. For each block

1. `joined` gives chains and changes of state, in a thread, on a view of the partition's state
2. the chains are appended to topic chains and acknowledged by the broker
3. the changes are committed: changelog, then store
4. the run is acknowledged

A kill before 3 leaves the state as it was: the run comes again, and so do its chains. After 3 the run is known by its
offset, and passed over. Blocks of different partitions are done at the same time, those of one partition in order.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import suyuan.cli  # noqa: F401 - sets what polars reads when it is imported

# isort: split

import numpy as np
import polars as pl
from faust.types.tuples import TP

from suyuan.connections.kafka import KafkaConnection
from suyuan.eventlog.records import Records
from suyuan.runtime.memory import tune_allocator
from suyuan.schemas.framing import frame_header
from suyuan.schemas.rows import RowSchema
from suyuan.schemas.runs import decode_run
from suyuan.streams.in_flight import InFlight
from suyuan.streams.state.rocks_store import RocksMemory
from suyuan.streams.state.settings import StateSettings
from suyuan.streams.state.stage_state import StageState
from suyuan.streams.transport.faust_app import FaustApp
from suyuan.streams.transport.options import TransportOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suyuan.streams.stage import Run, StateView

logger = logging.getLogger(__name__)

PARTITIONS = 4
LINGER_SECONDS = 0.03
"""how long a run of few waits for more: a block costs 6 ms whatever it holds"""
SESSION_SECONDS = 30.0
"""the bench stops the processes for some seconds"""
CHAIN_HEADER = frame_header(101)
CHAIN = RowSchema(json.loads(Path(__file__).with_name("chain.avsc").read_bytes()))

DAY_MS = 86_400_000
CHINA_STANDARD_TIME_MS = 8 * 3_600_000

FACTS = ("producer_code", "lot", "record_event", "produced_on", "expires_on", "quantity")
WAITING = ("platform_code", "listing_id", "seller_code", "listing_event", "listed_at", "sold_30d")
"""what a chain has of the record of its lot, and of its listing"""


def _part_of_chain(name: str, columns: Sequence[str]) -> RowSchema:
    fields = [{"name": each, "type": ["null", _AVRO[CHAIN.columns[each]]]} for each in columns]
    return RowSchema({"type": "record", "name": name, "fields": fields})


_AVRO: dict[pl.DataType, str] = {pl.String(): "string", pl.Int64(): "long", pl.Int32(): "int"}
FACTS_ROW = _part_of_chain("facts", FACTS)
WAITING_ROW = _part_of_chain("waiting", WAITING)
COUNT_BYTES = 4
"""before the waiting listings of one code and lot: how many they are"""

CACHED = StateSettings(cache_entries=600_000, cache_bytes=192 << 20, cached_prefixes=(b"r",))
"""of each partition, in front of RocksDB"""

OF_LISTING = {"listing_event": "event_id", "listed_at": "occurred_at"}
OF_RECORD = {"record_event": "event_id"}


class Unreadable(ValueError):
    """An input message is no event: the bench has none of those."""


def joined(run: Run, view: StateView) -> pl.DataFrame:
    """The chains that a run makes possible, as columns. State: b"r" + key → facts of the record; b"w" + key → the
    listings that wait for it, their number in front.
    """
    return _records(run, view) if run.topic == "records" else _listings(run, view)


def _records(run: Run, view: StateView) -> pl.DataFrame:
    facts = _decoded("lot", run).select(
        *(pl.col(OF_RECORD.get(name, name)).cast(CHAIN.columns[name]).alias(name) for name in FACTS)
    )
    view.put_many([b"r" + key for key in _keys(run)], FACTS_ROW.encode(facts))
    waiting_keys = [b"w" + key for key in _keys(run)]
    found = view.get_many(waiting_keys)
    at = [index for index, value in enumerate(found) if value is not None]
    if not at:
        return pl.DataFrame(schema=CHAIN.columns)
    for index in at:
        view.delete(waiting_keys[index])
    values = [value for value in found if value is not None]
    counts = [int.from_bytes(value[:COUNT_BYTES]) for value in values]
    listings = WAITING_ROW.decode([value[COUNT_BYTES:] for value in values], sum(counts))
    return _chains(listings, facts[np.repeat(at, counts)])


def _listings(run: Run, view: StateView) -> pl.DataFrame:
    rows = _decoded("listing", run).select(
        *(pl.col(OF_LISTING.get(name, name)).cast(CHAIN.columns[name]).alias(name) for name in WAITING)
    )
    keys = _keys(run)
    found = view.get_many([b"r" + key for key in keys])
    there = np.fromiter((value is not None for value in found), dtype=np.bool_, count=len(found))
    if not there.all():
        absent = np.flatnonzero(~there)
        _wait([b"w" + keys[index] for index in absent.tolist()], WAITING_ROW.encode(rows[absent]), view)
        rows = rows.filter(pl.Series(there))
    return _chains(rows, FACTS_ROW.decode([value for value in found if value is not None]))


def _wait(keys: list[bytes], bodies: list[bytes], view: StateView) -> None:
    new: dict[bytes, list[bytes]] = defaultdict(list)
    for key, body in zip(keys, bodies, strict=True):
        new[key].append(body)
    names = list(new)
    values = []
    for name, before in zip(names, view.get_many(names), strict=True):
        count = int.from_bytes(before[:COUNT_BYTES]) if before else 0
        head = (count + len(new[name])).to_bytes(COUNT_BYTES)
        values.append(b"".join([head, (before or b"")[COUNT_BYTES:], *new[name]]))
    view.put_many(names, values)


def _chains(listings: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    day = (pl.col("listed_at") + CHINA_STANDARD_TIME_MS) // DAY_MS
    expired = (day > pl.col("expires_on")).fill_null(value=False)
    verdict = pl.when(expired).then(pl.lit("contradicted")).otherwise(pl.lit("complete")).alias("verdict")
    return pl.concat([listings, facts], how="horizontal").with_columns(verdict).select(*CHAIN.columns)


def _decoded(kind: str, run: Run) -> pl.DataFrame:
    decoded = decode_run(kind, run.values)
    if decoded.failures:
        raise Unreadable(f"{run.topic}-{run.partition}: {decoded.failures[0]}")
    return decoded.rows


def _keys(run: Run) -> list[bytes]:
    return [key for key in run.keys if key is not None]


class Join:
    """One process of the join."""

    def __init__(self, servers: str, folder: Path, settings: StateSettings, commit_ms: int) -> None:
        self._in_flight = InFlight()
        self.app = FaustApp(
            "trace-join",
            TransportOptions(
                batch_topics=frozenset({"records", "listings"}),
                linger=dict.fromkeys(("records", "listings"), lambda: LINGER_SECONDS),
                reading_order={"records": 0, "listings": 1},
                in_flight=self._in_flight,
                kafka=KafkaConnection(tuple(servers.split(","))),
            ),
            broker="suyuan-kafka://" + servers.replace(",", ";"),
            datadir=str(folder),
            topic_partitions=PARTITIONS,
            topic_disable_leader=True,
            web_enabled=False,
            broker_commit_interval=commit_ms / 1000,
            broker_session_timeout=SESSION_SECONDS,
            broker_heartbeat_interval=SESSION_SECONDS / 10,
            table_standby_replicas=0,  # as in the product and in Kafka Streams; Faust's own default is 1
            stream_wait_empty=False,
            autodiscover=False,
        )
        self.failure: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self._state = StageState(self.app, "join", self, partitions=PARTITIONS, settings=settings, memory=RocksMemory())
        self._in_order: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._tasks: set[asyncio.Task[None]] = set()
        raw = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
        channel = self.app.topic("records", "listings", partitions=PARTITIONS, **raw)
        self.app.agent(channel, name="join")(self._work)

    async def append_many(
        self, topic: str, partition: int, keys: Sequence[bytes], values: Sequence[bytes | None]
    ) -> int:
        """Append in order and return the last record's offset once all are durable."""
        at = TP(topic, partition)
        return int((await self.app.producer.append_many({at: Records(keys, values)}))[at][-1])

    async def _work(self, stream: Any) -> None:
        async for event in stream.noack().events():
            generation = event.message.generation_id
            if self.app.rebalancing or generation != self.app.consumer_generation_id:
                continue
            task = asyncio.create_task(self._in_turn(event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _in_turn(self, event: Any) -> None:
        try:
            with self._in_flight.block():
                async with self._in_order[event.message.partition]:
                    await self._block(event.message.value)
        except Exception as error:  # noqa: BLE001 - ends the process, see main
            if not self.failure.done():
                self.failure.set_result(error)
            return
        event.ack()

    async def _block(self, run: Run) -> None:
        known = self._state.applied(run.partition).get((run.topic, run.partition), -1)
        if run.offsets[-1] <= known:
            return
        view = self._state.view(run.partition)
        keys, values = await asyncio.to_thread(_messages, run, view, known)
        if values:
            await self.app.producer.append_many({TP("chains", run.partition): Records(keys, values)})
        if view.changes()[0]:
            await self._state.commit(run.partition, view, {(run.topic, run.partition): run.offsets[-1]})


def _messages(run: Run, view: StateView, known: int) -> tuple[list[bytes], list[bytes]]:
    new = run.offsets[0] > known
    chains = joined(run if new else _after(run, known), view)
    return chains["listing_id"].cast(pl.Binary).to_list(), CHAIN.encode(chains, CHAIN_HEADER)


def _after(run: Run, known: int) -> Run:
    start = int(np.searchsorted(run.offsets, known, side="right"))
    return type(run)(
        run.topic, run.partition, *(column[start:] for column in (run.offsets, run.keys, run.values, run.timestamps))
    )


async def main(servers: str, folder: Path, commit_ms: int) -> int:
    """Until SIGTERM (0) or a failure (1)."""
    tune_allocator()
    join = Join(servers, folder, CACHED, commit_ms)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    join.app.finalize()
    await join.app.start()
    waiting = {asyncio.ensure_future(ended.wait()), join.failure}
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    if join.failure.done():
        logger.critical("the join cannot go on", exc_info=join.failure.result())
        os._exit(1)
    await join.app.stop()
    return 0


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    sys.exit(asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
