"""The one place where stages meet Faust: an agent per stage, a state table per stage, and what stops the process.

Faust acknowledges an event whose agent failed, so no exception may leave an agent's loop: a stage that cannot do a
block stops acknowledging and sets `StreamApp.failure`, and the caller must then end the process. What passes by itself
(a full disk, a log that another process holds for a moment) is retried inside without an end: nothing is lost by
waiting.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from faust.types.tuples import TP

from suyuan.connections.kafka import KafkaConnection
from suyuan.connections.log_errors import LogUnavailable
from suyuan.eventlog.errors import LogFull, LogLocked
from suyuan.eventlog.records import Record, Records
from suyuan.schemas.former_shape import GONE_STAGES
from suyuan.schemas.versions import refuse_incompatible_versions
from suyuan.streams import metrics
from suyuan.streams.block_cache import BlockCache
from suyuan.streams.consumer_group import GROUP
from suyuan.streams.dead_letter_limit import DeadLetterLimit, TooManyDeadLetters
from suyuan.streams.in_flight import InFlight
from suyuan.streams.messages import OutputMessage
from suyuan.streams.pace import Pace
from suyuan.streams.quiet import Quiet
from suyuan.streams.runner import Incoming, StageRunner
from suyuan.streams.stage import SLICE_ROWS, Cache, Stage
from suyuan.streams.state.errors import StateClosedError, StateError
from suyuan.streams.state.folders import remove_stores
from suyuan.streams.state.rocks_store import RocksMemory
from suyuan.streams.state.scrub import Scrub
from suyuan.streams.state.settings import StateSettings
from suyuan.streams.state.stage_state import StageState
from suyuan.streams.topology import TOPOLOGY, readers_of
from suyuan.streams.transport.faust_app import FaustApp
from suyuan.streams.transport.kafka.group_protocol import ShapeAssignor
from suyuan.streams.transport.life import Life
from suyuan.streams.transport.options import TransportOptions
from suyuan.streams.turns import Turns, joined

logger = logging.getLogger(__name__)

COMMIT_SECONDS = 0.2
STOP_SECONDS = 20.0
"""for blocks in flight"""
CLOSE_SECONDS = 10.0
"""for Faust after them; one that crashed may never do it"""
CHECK_SECONDS = 0.5
PASSING = (LogFull, LogLocked, LogUnavailable)
RETRY_SECONDS = (0.1, 0.5, 1, 2, 5)

T = TypeVar("T")


def state_settings(stage: Stage, partitions: int) -> StateSettings:
    """How a stage keeps its state: cache sizes, and which keys are cached as soon as they are written."""
    cache = stage.cache or Cache(pairs=0, size=0)
    return StateSettings(
        cache_entries=cache.pairs // partitions,
        cache_bytes=cache.size // partitions,
        cached_prefixes=cache.prefixes,
    )


class StreamApp:
    """All stages on one Faust app: `await start()`, then watch `failure`, then `await stop()`."""

    def __init__(
        self,
        broker: str,
        state_folder: Path,
        *,
        partitions: int,
        slice_rows: int = SLICE_ROWS,
        rebuild_damaged: bool = False,
        kafka: KafkaConnection | None = None,
        session_seconds: float = 15.0,
        standby_replicas: int = 0,
        dead_letter_limit: DeadLetterLimit | None = None,
        stage_threads: int | None = None,
        accept_loss: bool = False,
        topic_ids: Mapping[str, str] | None = None,
        shown: Mapping[tuple[str, int], int] | None = None,
        end_may_be_lost: bool = False,
        holds: Callable[[str], bool] = lambda _topic: False,
    ) -> None:
        """`broker`: URL of a transport under `faust.transports`; `kafka`: how to reach it, where it is Kafka. Topics
        must exist. `rebuild_damaged`: set damaged state aside and rebuild it from its changelog though it is not the
        first time. `session_seconds`: how long Kafka waits for a silent worker before others get its partitions;
        `standby_replicas`: how many other workers keep a copy of each partition's state. `stage_threads`: how many
        stage functions may run at a time; None: as many as there are blocks. Each releases the GIL a hundred times a
        block and waits up to 5 ms to get it back while another one runs, which pays only where cores would be idle
        otherwise: in a process that is alone on the machine.

        `accept_loss`: go on behind messages that were deleted before they were read, instead of stopping. `shown`: per
        input partition, the offset up to which events are in the tables; where that is further than the state, the log
        lost its end, and `end_may_be_lost` goes on all the same. `topic_ids`: ids that tell topics from others of the
        same name, where the transport cannot. `holds`: whether nothing of a topic is to be read yet.
        """
        self.failure: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        """done, with the cause, when a stage could not do a block"""
        self._in_flight = InFlight()
        self._readers = readers_of(TOPOLOGY)
        pace, quiet = Pace(), Quiet()
        options = TransportOptions(
            batch_topics=frozenset(self._readers),
            joined_topics=frozenset(topic for stage in TOPOLOGY for topic in stage.blocks),
            linger={topic: pace.linger for stage in TOPOLOGY for topic in stage.runs}
            | {topic: partial(float, seconds) for stage in TOPOLOGY for topic, seconds in stage.lingers.items()},
            # records go before the listings that may name them: what was published together is not found missing first
            reading_order={topic: rank for stage in TOPOLOGY for rank, topic in enumerate(stage.reads)},
            gives_way={topic: fills for stage in TOPOLOGY for topic, fills in stage.gives_way.items()},
            keeps_pace={topic: fills for stage in TOPOLOGY for topic, fills in stage.keeps_pace.items()},
            holds=holds,
            in_flight=self._in_flight,
            partitions=partitions,
            topic_ids=topic_ids or {},
            accept_loss=accept_loss,
            shown=shown or {},
            end_may_be_lost=end_may_be_lost,
            life_of=self._life_of,
            begin_anew=self._begin_anew,
            kafka=kafka,
            compression="zstd",  # half of the bytes of lz4, which the broker reads, writes and unpacks
        )
        self.app = FaustApp(
            GROUP,
            options,
            broker=broker,
            datadir=str(state_folder),
            topic_partitions=partitions,
            topic_disable_leader=True,
            web_enabled=False,
            broker_commit_interval=COMMIT_SECONDS,
            broker_session_timeout=session_seconds,
            broker_heartbeat_interval=session_seconds / 5,
            table_standby_replicas=standby_replicas,
            topic_allow_declare=kafka is None,
            stream_wait_empty=False,
            PartitionAssignor=ShapeAssignor,
            autodiscover=False,
        )
        self._stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._scrubbing: asyncio.Task[None] | None = None
        memory, block_cache = RocksMemory(), BlockCache(readers=self._readers)
        self._threads = ThreadPoolExecutor(stage_threads, "stages") if stage_threads else None
        self.states: dict[str, StageState] = {}
        for stage in TOPOLOGY:
            settings = replace(state_settings(stage, partitions), rebuild_corrupt=rebuild_damaged)
            keyed = StageState(self.app, stage.name, self, partitions=partitions, settings=settings, memory=memory)
            self.states[stage.name] = keyed
            runner = StageRunner(
                stage,
                keyed,
                self,
                partitions=partitions,
                slice_rows=slice_rows,
                block_cache=block_cache,
                dead_letter_limit=dead_letter_limit,
                threads=self._threads,
                pace=pace,
                quiet=quiet,
            )
            self._bind(stage, runner, partitions)

    async def start(self) -> None:
        """Recover state and begin to work. Raises IncompatibleVersions before anything is read."""
        refuse_incompatible_versions()
        await asyncio.to_thread(remove_stores, Path(self.app.conf.tabledir), GONE_STAGES)
        self.app.finalize()
        starting = asyncio.ensure_future(self.app.start())
        try:
            while not starting.done():
                await asyncio.wait([starting], timeout=CHECK_SECONDS)
                self.check()  # what crashes meanwhile may leave Faust waiting for ever
        except BaseException:
            starting.cancel()
            raise
        await starting
        self._scrubbing = asyncio.create_task(self._scrub())

    def check(self) -> None:
        """Raise the error that crashed Faust or the state below it: Faust itself says so only in its log."""
        if self.app.crashed:
            raise self.app.crash_reason or RuntimeError("the stream app crashed")

    async def stop(self) -> None:
        """Finish the blocks in flight, commit, close."""
        self._stopping.set()
        if self._scrubbing is not None:
            self._scrubbing.cancel()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._in_flight.wait_idle()
        except TimeoutError:
            logger.warning("blocks in flight were given up after %s s: they will be done again", STOP_SECONDS)
        stopping = asyncio.ensure_future(self.app.stop())
        await asyncio.wait([stopping], timeout=CLOSE_SECONDS)
        if not stopping.done():
            stopping.cancel()
            logger.error("the stream app has not closed after %s s and is left as it is", CLOSE_SECONDS)
        if self._threads is not None:  # the interpreter would wait for them at its own end, when nobody counts the time
            await asyncio.to_thread(self._threads.shutdown)
        if not stopping.cancelling():
            stopping.result()

    def assignment(self) -> set[tuple[str, int]]:
        """The partitions that this process has now."""
        return set() if self.app.rebalancing else set(self.app.consumer.assignment())

    async def publish(self, at: tuple[str, int], key: bytes, value: bytes) -> None:
        """Append one message from outside the stages to a topic's partition; it is durable on return."""
        await self._until_room(lambda: self.app.producer.append_many({TP(*at): [Record(key, value)]}))

    async def append_outputs(self, messages: Sequence[OutputMessage]) -> dict[TP, Sequence[int]]:
        """Append all messages in one append, which the embedded log takes whole or not at all. They are durable on
        return. Returns the offsets of each topic-partition's messages, in their order.
        """
        batches: dict[TP, list[Record]] = {}
        for message in messages:
            batches.setdefault(TP(message.topic, message.partition), []).append(Record(None, message.value))
        offsets: dict[TP, Sequence[int]] = await self._until_room(lambda: self.app.producer.append_many(batches))
        return offsets

    async def append_many(
        self, topic: str, partition: int, keys: Sequence[bytes], values: Sequence[bytes | None]
    ) -> int:
        """Append records to one changelog partition. Returns the last one's offset, once all are durable."""
        at = TP(topic, partition)
        offsets = await self._until_room(lambda: self.app.producer.append_many({at: Records(keys, values)}))
        return int(offsets[at][-1])

    def _life_of(self, at: tuple[str, int]) -> Life | None:
        """Of the stages that read it the life that was read furthest."""
        lives = (self.states[stage].life(at) for stage in self._readers.get(at[0], ()))
        return max((life for life in lives if life is not None), key=lambda life: life.reached, default=None)

    async def _begin_anew(self, logs: Mapping[tuple[str, int], tuple[str, int, int]]) -> None:
        for stage, state in self.states.items():
            ours = {at: log for at, log in logs.items() if stage in self._readers[at[0]]}
            if ours:
                await state.begin_anew(ours)

    def _bind(self, stage: Stage, runner: StageRunner, partitions: int) -> None:
        channel = self.app.topic(
            *stage.reads,
            key_type=bytes,
            value_type=bytes,
            key_serializer="raw",
            value_serializer="raw",
            partitions=partitions,
        )

        turns: defaultdict[int, Turns] = defaultdict(lambda: Turns(stage))
        gates: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

        async def work(stream: Any) -> None:
            async for event in stream.noack().events():
                # a block waits for the log more than once, so other partitions' blocks are done meanwhile; how many
                # wait for their turn is the transport's to limit
                partition = event.message.partition
                turns[partition].put(event)
                task = asyncio.create_task(self._in_turn(stage, runner, turns[partition], gates[partition]))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

        self.app.agent(channel, name=f"suyuan.{stage.name}")(work)

    async def _in_turn(self, stage: Stage, runner: StageRunner, turns: Turns, gate: asyncio.Lock) -> None:
        """Do what is next in a partition, if an earlier turn has left anything; the one after it begins while the
        outputs are sent. Nothing may be raised, see above.
        """
        with ExitStack() as in_flight:
            try:
                async with gate:
                    events = turns.take()
                    if not events:
                        return
                    message = events[0].message
                    generation = self.app.consumer_generation_id
                    if self._stopping.is_set() or self.app.rebalancing or message.generation_id != generation:
                        return  # the partition may be another worker's by now, which reads this again
                    in_flight.enter_context(self._in_flight.block())
                    run = joined([event.message.value for event in events])
                    sent = await runner.begin(Incoming(message.topic, message.partition, run, generation))
                await sent
            except Exception as error:  # noqa: BLE001 -- nothing may leave the agent's loop
                if isinstance(error, TooManyDeadLetters) and len(self._readers[message.topic]) == 1:
                    message.ack_before(error.offset)  # where others read it, nobody knows how far they are
                if isinstance(error, StateClosedError) and self._stopping.is_set():
                    return
                self._stopping.set()
                self._fail(stage, message, error)
                return
        for event in events:
            event.ack()

    def _fail(self, stage: Stage, message: Any, error: Exception) -> None:
        metrics.FAILURES.labels(stage.name).inc()
        logger.critical(
            "stage %s cannot do %s-%d at offset %d: %s: nothing is acknowledged from here on",
            *(stage.name, message.topic, message.partition, message.value.offsets[0], error),
            exc_info=None if isinstance(error, TooManyDeadLetters) else error,
        )
        if not self.failure.done():
            self.failure.set_result(error)

    async def _scrub(self) -> None:
        tables = [state.table.data for state in self.states.values()]
        try:
            await Scrub(
                lambda: (each.store for table in tables for each in table.partitions.values() if not each.recovering)
            ).run()
        except StateError as error:
            logger.critical("%s", error)
            self._stopping.set()
            if not self.failure.done():
                self.failure.set_result(error)

    async def _until_room(self, append: Callable[[], Awaitable[T]]) -> T:
        waits = iter(RETRY_SECONDS)
        while True:
            try:
                return await append()
            except PASSING as error:
                wait = next(waits, RETRY_SECONDS[-1])
                logger.error("the log takes nothing at the moment, trying again in %s s: %s", wait, error)  # noqa: TRY400
                await asyncio.sleep(wait)
