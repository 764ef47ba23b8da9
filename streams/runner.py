"""One block at a time through a stage: the order of an acknowledgement.

1. the pure function runs, in a thread, on a view of the partition's state
2. what it changed is committed together with the input's offset (changelog, then store)
3. what it returned is appended to the log, all in one append, and durable
4. the caller acknowledges the input

A crash before 2 leaves nothing behind. Between 2 and 3 the state is ahead of the outputs: the block comes again, is
found at or below the offset that the state rests on, and is handed on as `redelivered`. Between 3 and 4 likewise; the
same rows are sent again, and their identities fold them. Nothing is caught here: an exception means that the block was
not done, and the caller must stop before the acknowledgement.

While 3 is under way, 1 of the partition's next block runs already: it needs the state after 2, and writes nothing. Its
own 2 waits until 3 is done, so the state is never ahead of the outputs by more than one block. If 3 fails, the next
block fails with it, before its commit.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left, bisect_right
from collections.abc import Awaitable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Protocol

from suyuan.connections.refused_batch import RefusedBatch
from suyuan.schemas.blocks import BlockError, decode_blocks
from suyuan.streams import metrics
from suyuan.streams.block_cache import BlockCache
from suyuan.streams.dead_letter_limit import DeadLetterLimit, TooManyDeadLetters
from suyuan.streams.lately import Lately
from suyuan.streams.messages import OutputMessage, encode_outputs
from suyuan.streams.pace import Pace
from suyuan.streams.places import Places
from suyuan.streams.quiet import Quiet
from suyuan.streams.set_aside import SetAside
from suyuan.streams.slice_size import SliceSize
from suyuan.streams.stage import SLICE_ROWS, Block, Output, Run, Stage, StageContext
from suyuan.streams.state.stage_state import KeyedState
from suyuan.streams.state.view import Overlay

MOST_KNOWN, LEAST_KNOWN = 400_000, 20_000
"""names of what was sent lately that are known, some 90 bytes each: of all partitions together, and of each"""
MOST_OF_PLACES, LEAST_OF_PLACES = 160 << 20, 8 << 20
"""bytes of templates that are known, some 800 for each: of all partitions together, and of each"""


class OutputLog(Protocol):
    """The log that outputs are appended to."""

    async def append_outputs(self, messages: Sequence[OutputMessage]) -> Mapping[tuple[str, int], Sequence[int]]:
        """Append all messages; they are durable on return. Returns the offsets of each topic-partition's messages, in
        their order.
        """


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as the transport hands it over: a run of a topic's messages (events, or blocks)."""

    topic: str
    partition: int
    value: Run
    generation: int = 0
    """of the consumer's assignment that it was read under"""


@dataclass(frozen=True, slots=True)
class _Memory:
    """What is known of a partition since it was assigned, beside its state."""

    lately: Lately
    places: Places


class StageRunner:
    """Runs one stage on the partitions that this process has."""

    def __init__(
        self,
        stage: Stage,
        state: KeyedState,
        log: OutputLog,
        *,
        partitions: int,
        slice_rows: int = SLICE_ROWS,
        block_cache: BlockCache | None = None,
        dead_letter_limit: DeadLetterLimit | None = None,
        threads: Executor | None = None,
        pace: Pace | None = None,
        quiet: Quiet | None = None,
    ) -> None:
        """`slice_rows`: usual size of a slice (see `SliceSize`). `block_cache`: shared by the stages of the process;
        None: every block is decoded from the log. `threads`: to run the functions in; None: the event loop's.
        `pace`: told how long each block took. `quiet`: told what is read, and asked what is to wait for the rest.
        """
        self.stage = stage
        self._state = state
        self._log = log
        self._block_cache = block_cache
        self._threads = threads
        self._pace = pace
        self._quiet = quiet or Quiet()
        self._partitions = partitions
        self._slice_size = SliceSize(slice_rows, stage.gives_way)
        self._dead_letter_limit = dead_letter_limit or DeadLetterLimit()
        self._epochs: dict[int, tuple[int, int]] = {}
        self._memories: dict[int, _Memory] = {}
        self._sending: dict[int, asyncio.Task[None]] = {}
        """by partition, step 3 of the block that was committed last"""
        self._set_aside = SetAside()

    async def process(self, message: Incoming) -> None:
        """Do steps 1 to 3 for one message. Any exception: it was not done, and must not be acknowledged."""
        await (await self.begin(message))

    async def begin(self, message: Incoming) -> Awaitable[None]:
        """Do steps 1 and 2 for one message; step 3 is under way on return, and done with what is returned, which must
        be awaited. The partition's next message may be begun before. Any exception, of either: the message was not
        done, and must not be acknowledged.
        """
        applied = self._state.applied(message.partition).get((message.topic, message.partition), -1)
        *known, last = _known_and_new(message.value, applied)
        for run in known:
            await (await self._begin(replace(message, value=run)))
        return await self._begin(replace(message, value=last))

    async def _begin(self, message: Incoming) -> Awaitable[None]:
        try:
            return await self._in_order(message)
        except TooManyDeadLetters as limit:
            run = message.value
            before = _part(run, slice(bisect_left(run.offsets, limit.offset)), redelivered=run.redelivered)
            if before.offsets:  # where reading stops must not depend on how messages came together
                await (await self._begin(replace(message, value=before)))
            raise

    async def _in_order(self, message: Incoming) -> Awaitable[None]:
        started = time.perf_counter()
        partition, name = message.partition, self.stage.name
        former = self._sending.get(partition)
        self._quiet.note(message.value, events=message.topic in self.stage.runs)
        try:
            view = self._state.view(partition)
            rows, last, outputs, messages = await asyncio.get_running_loop().run_in_executor(
                self._threads, self._run, message, view, self._quiet.before()
            )
            ran = time.perf_counter()
            if former is not None:
                await asyncio.wait([former])
                former.result()
            sent = time.perf_counter()
            await self._state.commit(partition, view, {(message.topic, partition): last})
        except BaseException:
            self._memories.pop(partition, None)  # what it was to send, or to keep, may be nowhere
            raise
        metrics.STAGE_ROWS.labels(name, message.topic).inc(rows)
        metrics.BLOCK_ROWS.labels(name).observe(rows)
        metrics.STAGE_SECONDS.labels(name, "function").observe(ran - started)
        metrics.STAGE_SECONDS.labels(name, "state").observe(time.perf_counter() - sent)
        sending = self._sending[partition] = asyncio.create_task(self._send(message, outputs, messages, started))
        return self._sent(partition, sending)

    async def _send(
        self, message: Incoming, outputs: list[Output], messages: list[OutputMessage], begun: float
    ) -> None:
        started = time.perf_counter()
        if messages:
            offsets = await self._log.append_outputs(messages)
            if self._block_cache is not None:
                _cache_blocks(self._block_cache, messages, offsets)
        metrics.count_outcomes(outputs)
        metrics.observe_alerts(outputs, int(time.time() * 1000))
        for output in outputs:
            self._set_aside.note(message.topic, message.partition, output.set_aside)
        done = time.perf_counter()
        metrics.STAGE_SECONDS.labels(self.stage.name, "outputs").observe(done - started)
        if self._pace is not None:
            self._pace.note(self.stage.name, done - begun)

    async def _sent(self, partition: int, sending: asyncio.Task[None]) -> None:
        try:
            await sending
        except BaseException:
            self._memories.pop(partition, None)
            raise
        finally:
            if self._sending.get(partition) is sending:
                del self._sending[partition]

    def _run(
        self, message: Incoming, view: Overlay, quiet_before: int
    ) -> tuple[int, int, list[Output], list[OutputMessage]]:
        """(rows read, last offset, what the function returned, the same as messages)."""
        partition = message.partition
        epoch, memory = self._epoch(partition, message.generation)
        context = StageContext(
            partition,
            self._partitions,
            epoch,
            self._slice_size.rows(message.topic),
            self._dead_letter_limit,
            self._state.passed((message.topic, partition)),
            memory.lately,
            memory.places,
            quiet_before,
        )
        run = message.value
        last = run.offsets[-1]
        if message.topic in self.stage.runs:
            rows = len(run.offsets)
            outputs = self.stage.runs[message.topic](run, view, context)
        else:
            # blocks that wait together are done as one: a block has costs that its rows do not add to
            cache = self._block_cache
            frame = cache.take(self.stage.name, run.topic, partition, run.offsets) if cache is not None else None
            if frame is None:
                _refuse_packed(run)
                frame = decode_blocks([value for value in run.values if value is not None])
            block = Block(message.topic, partition, run.offsets[0], last, run.timestamps[-1], frame, run.redelivered)
            rows = len(frame)
            outputs = self.stage.blocks[message.topic](block, view, context)
        view.came_and_went()
        return rows, last, outputs, list(encode_outputs(outputs, partition, self._partitions))

    def _epoch(self, partition: int, generation: int) -> tuple[int, _Memory]:
        """The partition's epoch, a new one with each assignment, since another process may have had the partition in
        between; and what is known of it.
        """
        known = self._epochs.get(partition)
        if known is None or known[0] != generation:
            known = self._epochs[partition] = generation, self._state.begin_epoch(partition)
            self._memories.pop(partition, None)
        memory = self._memories.get(partition)
        if memory is None:
            memory = self._memories[partition] = _Memory(
                Lately(max(MOST_KNOWN // self._partitions, LEAST_KNOWN)),
                Places(max(MOST_OF_PLACES // self._partitions, LEAST_OF_PLACES)),
            )
        return known[1], memory


def _known_and_new(run: Run, applied: int) -> list[Run]:
    """Split a run into the part that the state may hold already and the rest, each if there is any. Together they would
    be neither: what a new row replaces may be what was never sent.
    """
    known = bisect_right(run.offsets, applied)
    parts = (_part(run, slice(known), redelivered=True), _part(run, slice(known, None), redelivered=False))
    return [part for part in parts if part.offsets]


def _part(run: Run, where: slice, *, redelivered: bool) -> Run:
    return replace(
        run,
        offsets=run.offsets[where],
        keys=run.keys[where],
        values=run.values[where],
        timestamps=run.timestamps[where],
        redelivered=redelivered,
    )


def _refuse_packed(run: Run) -> None:
    """Raise BlockError for a batch that could not be unpacked: only stages write these topics, and none of them writes
    that.
    """
    for value in run.values:
        if isinstance(value, RefusedBatch):
            raise BlockError(f"{run.topic}-{run.partition}: {value.reason}")


def _cache_blocks(
    cache: BlockCache, messages: Sequence[OutputMessage], offsets: Mapping[tuple[str, int], Sequence[int]]
) -> None:
    following = {topic_partition: iter(each) for topic_partition, each in offsets.items()}
    for message in messages:
        topic_partition = (message.topic, message.partition)
        offset = next(following[topic_partition])
        cache.put((*topic_partition, offset), message.rows)
