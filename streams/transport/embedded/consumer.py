"""Faust's consumer over the embedded log."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from faust.types.tuples import TP
from mode import Service

from suyuan.connections.lost import Lost
from suyuan.eventlog.errors import LogError, LogFull, LogLocked
from suyuan.eventlog.shared import release
from suyuan.streams.faust_internals import put_assignment
from suyuan.streams.transport.reading import Incoming, as_run, singly
from suyuan.streams.transport.run_consumer import RunConsumer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from suyuan.eventlog.log import Log


class Consumer(RunConsumer):
    """Reads every partition of the topics that the app subscribes to, in the group named by the app's id."""

    MAINTAIN_EVERY_SECONDS = 1.0
    MAINTAIN_IDLE_SECONDS = 15.0
    MAINTAIN_MS = 50
    RETRY_SECONDS = 1.0
    ROOM_SECONDS = 0.02
    """between two looks at what waits and may not be read yet"""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._assigned: set[TP] = set()
        self._generation = 0
        self._ends: Mapping[tuple[str, int], int] = {}
        self._starts: Mapping[tuple[str, int], int] = {}

    # --- life

    async def on_start(self) -> None:
        """Open the log."""
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="log-reader")
        self._event_loop = asyncio.get_running_loop()
        self._log: Log = await asyncio.to_thread(self.transport.open_log)
        self._identity = await asyncio.to_thread(lambda: self._log.identity)
        self._log.listen(self._wake_from_thread)

    async def on_stop(self) -> None:
        """Commit what is done, and release the log."""
        await super().on_stop()
        if not hasattr(self, "_log"):  # it was never started
            return
        self._log.unlisten(self._wake_from_thread)
        await asyncio.to_thread(self._reader.shutdown)
        await asyncio.to_thread(release, self._log)

    @Service.task  # type: ignore[untyped-decorator]
    async def _maintain(self) -> None:
        done_with: Mapping[tuple[str, int], int] | None = None
        done_at = 0.0
        async for _ in self.itertimer(self.MAINTAIN_EVERY_SECONDS, name="log maintenance"):
            try:
                ends = self._log.end_offsets()
                if ends is done_with and time.monotonic() - done_at < self.MAINTAIN_IDLE_SECONDS:
                    continue  # nothing was written since, and what only age makes superfluous can wait
                done = await asyncio.to_thread(self._log.maintain, self.MAINTAIN_MS)
                done_with, done_at = ends if done else None, time.monotonic()
            except LogError as error:  # a full disk is no reason to stop reading
                self.log.warning("Upkeep of the log failed, trying again: %s", error)

    # --- assignment

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Have every partition of these topics assigned; missing topics are made."""
        names = list(topics)
        known = await asyncio.to_thread(self._log.topics)
        for name in names:
            if name not in known:
                await asyncio.to_thread(self._log.create_topic, name, self.app.conf.topic_partitions)
        acked = [name for name in names if self.app.topics.acks_enabled_for(name)]
        await asyncio.to_thread(self._log.register, self.group, acked)
        assigned = {TP(name, number) for name in names for number in range(self._log.partitions(name))}
        if assigned != self._assigned:
            # Faust finishes an assignment only after this subscription returned
            self.add_future(self._assign(assigned))

    async def _assign(self, assigned: set[TP]) -> None:
        self.app.on_rebalance_start()
        if self._assigned:
            await self.on_partitions_revoked(self._assigned)
        self._assigned, self._order = assigned, sorted(assigned)
        put_assignment(self.app, self._order)
        self._generation += 1
        self.app.consumer_generation_id = self._generation
        await self.seek_to_committed()
        await self.on_partitions_assigned(assigned, self._generation)

    def assignment(self) -> set[TP]:
        """Every partition of the subscribed topics."""
        return self._assigned

    # --- positions

    def log_of(self, _topic: str) -> str:
        """The id of the whole log: no topic of it is deleted alone."""
        return self._identity

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Read on from what is committed, or from the earliest record where nothing is. (aiokafka leaves the position
        where nothing is committed, and so loses what was fetched and dropped.) Raises MessagesLost.
        """
        found = await asyncio.to_thread(self._log.committed_offsets, self.group)
        committed = {at: offset for at, (offset, _) in found.items()}
        earliest = self._log.start_offsets()
        positions = await self._resume_offsets(committed, {at: earliest[at] for at in self._assigned})
        self._forget(self._assigned)
        self._position.update(positions)
        return positions

    def highwater(self, tp: TP) -> int:
        """The end of the partition when it was last looked at."""
        if tp not in self._ends:  # asked at recovery, before anything was read
            self._ends = self._log.end_offsets()
        return self._ends.get(tp, 0)

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """The ends of partitions."""
        ends = self._log.end_offsets()
        return {at: ends[at] for at in partitions}

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        """The earliest offsets that partitions still hold."""
        starts = self._log.start_offsets()
        return {at: starts[at] for at in partitions}

    def topic_partitions(self, topic: str) -> int | None:
        """Number of partitions of a topic."""
        return self._log.partitions(topic)

    # --- reading

    async def read_messages(
        self,
        active: set[TP] | None,
        timeout: float,  # noqa: ASYNC109 - Faust says how long
    ) -> dict[TP, list[Incoming]]:
        """Messages of the active partitions, waiting up to so many seconds for the first. Raises MessagesLost."""
        active = self._assigned if active is None else active
        deadline = time.monotonic() + timeout
        while self.flow_active and not self.should_stop:
            self._woken.clear()
            self._moved = False
            self._ends = self._log.end_offsets()
            self._miss_what_was_deleted()
            waiting = {at: self._ends.get(at, 0) - self._position[at] for at in self._order}
            readable = self._room(active, waiting)
            if readable:
                found, holes = await self._event_loop.run_in_executor(self._reader, self._read, readable)
                for at, first_offset, end in holes:
                    if self._position.get(at) == first_offset:
                        self._pass_over(at, end)
                if found:
                    return found
            elif (left := deadline - time.monotonic()) > 0:
                idle = not any(waiting.get(at, 0) > 0 for at in active)
                await self._rest(left if idle else min(left, self.ROOM_SECONDS, self._until_due(waiting)), idle=idle)
            else:
                break
        return {}

    async def _rest(self, seconds: float, *, idle: bool) -> None:
        """Until there may be something to read. `idle`: there is nothing, until something comes."""
        until = time.monotonic() + seconds
        while self.flow_active and not self.should_stop and (left := until - time.monotonic()) > 0:
            await self._sleep(left)
            self._woken.clear()
            if not idle or self._moved or self._log.end_offsets() is not self._ends:
                break

    def _miss_what_was_deleted(self) -> None:
        """Go on behind what was deleted before it was read. Raises MessagesLost."""
        starts = self._log.start_offsets()
        if starts is self._starts:
            return
        self._starts = starts
        for at in self._order:
            first_offset, start = self._position[at], starts.get(at, 0)
            if first_offset < start and self.app.topics.acks_enabled_for(at.topic):
                self._note_lost([Lost(at.topic, at.partition, first_offset, start)])
                self._forget([at])
                self._pass_over(at, start)

    def _read(self, readable: list[tuple[TP, int]]) -> tuple[dict[TP, list[Incoming]], list[tuple[TP, int, int]]]:
        """Messages by partition; and (partition, first offset, end) where there are none."""
        found, holes = {}, []
        for at, room in readable:
            first_offset, end = self._position[at], self._ends[at]
            fetched = self._log.fetch(at.topic, at.partition, first_offset, self._records_wanted(at), room)
            if len(fetched):
                run = at.topic in self.app.batch_topics
                found[at] = list(
                    as_run(at.topic, at.partition, first_offset, fetched) if run else singly(first_offset, fetched)
                )
            else:
                holes.append((at, first_offset, end))
        return found, holes

    def _wake_from_thread(self) -> None:
        with suppress(RuntimeError):  # the loop was closed without stopping the consumer
            self._event_loop.call_soon_threadsafe(self._woken.set)

    # --- acknowledging

    async def commit_offsets(self, offsets: Mapping[TP, int]) -> bool:
        """False only where the consumer is told to stop before the log takes them."""
        while True:
            try:
                await asyncio.wrap_future(self._log.commit_async(self.group, offsets))
            except (LogFull, LogLocked) as error:
                # what is not committed is only done again, so waiting is better than a crash
                self.log.warning("Offsets could not be committed, trying again: %s", error)
                if self.should_stop:
                    return False
                await self.sleep(self.RETRY_SECONDS)
            else:
                return True

    def close(self) -> None:
        """Nothing to do: the log is released in `on_stop`."""
