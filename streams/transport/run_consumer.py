"""What Suyuan's Faust consumers have in common, whichever log is below.

The read position of a partition moves when a message is delivered, not when it is fetched: what Faust drops in between
(a paused partition, a stopped flow) is fetched again. Committed is only what lies before the first message that is not
acknowledged (Faust commits past work in flight, faust-streaming #606).
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from typing import TYPE_CHECKING, Any, ClassVar

from faust.types.tuples import TP, ConsumerMessage

from suyuan.connections.log_errors import MessagesLost
from suyuan.connections.lost import Lost, refusal
from suyuan.streams import metrics
from suyuan.streams.faust_internals import TransportConsumer
from suyuan.streams.transport.life import Life
from suyuan.streams.transport.linger import Linger
from suyuan.streams.transport.offset_tracker import Delivered, OffsetTracker
from suyuan.streams.transport.tracked_message import TrackedMessage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from suyuan.streams.transport.faust_app import FaustApp
    from suyuan.streams.transport.reading import Incoming


logger = logging.getLogger(__name__)

REMEDY = "or, where the topics in.* still have every event, `suyuan state rebuild`; "


class RunConsumer(TransportConsumer):
    """Reads as the app's `TransportOptions` say."""

    app: FaustApp
    consumer_stopped_errors: ClassVar[tuple[type[BaseException], ...]] = ()

    GIVES_WAY_SECONDS = 1.0
    """that a topic waits at most for those that it gives way to, or keeps pace with"""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._options = self.app.transport_options
        self._gave_way_at: dict[TP, float] = {}
        self._ranks = self._options.reading_order
        self._limits = self._options.fetch_limits
        self._linger = Linger(self._options.linger, enough=self._limits.run_records // 2)
        self._tracker = OffsetTracker()
        self._position: dict[TP, int] = {}
        self._order: list[TP] = []
        self._turn = 0
        self._moved = False
        self._noted: set[Lost] = set()
        self._begins_at: dict[TP, int] = {}
        self._recovered = False
        self._woken = asyncio.Event()
        self._to_commit = asyncio.Event()

    @property
    def holds_lease(self) -> bool:
        """Whether nobody else can have been given our partitions."""
        return True

    @property
    def group(self) -> str:
        """The group that offsets are committed under."""
        return str(self.app.conf.id)

    def stop_flow(self) -> None:
        """As Faust's; who waits for messages is not left to wait."""
        super().stop_flow()
        self._woken.set()

    async def create_topic(self, *args: Any, **kwargs: Any) -> None:
        """Make a topic where it is missing."""
        await self.app.producer.create_topic(*args, **kwargs)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Finish what is in flight; the rest is no longer this process's."""
        await super().on_partitions_revoked(revoked)
        self._tracker.forget(revoked)

    # --- positions

    def log_of(self, topic: str) -> str:
        """An id that tells a topic from another one of the same name, deleted before or made after it; empty:
        unknown.
        """
        return self._options.topic_ids.get(topic, "")

    async def perform_seek(self) -> None:
        """Begin to read, once the state is recovered. The offsets where a group begins are committed like those that it
        has done: what is deleted from then on counts as lost, and what was accepted as lost stays accepted.
        """
        self._recovered = True
        try:
            await super().perform_seek()
        finally:
            self._recovered = False
        if self._begins_at:
            await self.commit_offsets(self._begins_at)

    async def seek_to_beginning(self, *partitions: TP) -> None:
        """Read on from the earliest record."""
        await self.seek_wait(await self.earliest_offsets(*partitions))

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Read on from these offsets."""
        for at, offset in partitions.items():
            await self.move_to(at, offset)

    async def _resume_offsets(self, committed: Mapping[TP, int | None], earliest: Mapping[TP, int]) -> dict[TP, int]:
        """The offset where each partition is read on: what is committed, or its earliest record. Raises
        MessagesLost.
        """
        resume: dict[TP, int] = {}
        ends = await self.highwaters(*earliest)
        lives, shown = self._options.life_of, self._options.shown
        anew: dict[TP, tuple[str, int, int]] = {}
        lost: list[Lost] = []
        lost_end: list[Lost] = []
        for at, start in earliest.items():
            known, end = committed.get(at), ends[at]
            resume[at] = max(known or 0, start)
            if not self.app.topics.acks_enabled_for(at.topic):
                continue
            if not self._recovered:  # the state may be an old one still, which takes the right log for another
                resume[at] = max(start, min(resume[at], end))
            life, log = (self._recovered and lives(at)) or Life(), self.log_of(at.topic)
            reached = max(known or 0, life.reached)
            if log and life.log and log != life.log:
                lost.append(Lost(at.topic, at.partition, reached, start, remade=True))
                resume[at], anew[at] = start, (log, 0, life.reached)
                continue
            if reached > end and self._recovered:
                lost.append(Lost(at.topic, at.partition, reached, end))
                resume[at], anew[at] = end, (log, end, reached)
                continue
            if self._recovered and shown.get(at, 0) > life.passed + life.reached:
                lost_end.append(Lost(at.topic, at.partition, shown[at], life.reached))
                anew[at] = (log, life.reached, shown[at] - life.passed)
            if known is not None and known < start:
                lost.append(Lost(at.topic, at.partition, known, start))
            if known is None and start:
                logger.warning("%s-%d begins at offset %d: group %s never read before", *at, start, self.group)
        self._note_lost(lost_end, accepted=self._options.end_may_be_lost)
        self._note_lost(lost)
        if anew:
            await self._options.begin_anew(anew)
        acked = self.app.topics.acks_enabled_for
        self._begins_at = {
            at: offset for at, offset in resume.items() if committed.get(at) != offset and acked(at.topic)
        }
        return resume

    def _note_lost(self, lost: Sequence[Lost], *, accepted: bool = False) -> None:
        """Count and log what is lost. Raises MessagesLost unless that was accepted."""
        for each in set(lost) - self._noted:
            metrics.LOST.labels(self.group, each.topic).inc(abs(each.count) or 1)
            logger.error("lost: %s", each)
        self._noted.update(lost)
        if lost and not (accepted or self._options.accept_loss):
            raise MessagesLost(refusal(lost, REMEDY))

    async def move_to(self, partition: TP, offset: int) -> None:
        """Read on from there; what was delivered before counts no more."""
        self._forget([partition])
        self._position[partition] = offset
        self._moved = True
        self._woken.set()

    def _forget(self, partitions: Iterable[TP]) -> None:
        self.forget_acked(partitions)
        self._tracker.forget(partitions)

    async def position(self, tp: TP) -> int | None:
        """The offset after the last message delivered."""
        return self._position.get(tp)

    def key_partition(self, topic: str, key: bytes | None, partition: int | None = None) -> int | None:
        """The partition that a record with this key goes to."""
        return partition if partition is not None else self.app.producer.key_partition(topic, key).partition

    # --- reading

    def _room(self, active: set[TP], waiting: Mapping[TP, int]) -> list[tuple[TP, int]]:
        """The partitions that may be read now, each with its room in bytes; another one first each time. `waiting`: how
        many records each has to read.
        """
        limits, tracker = self._limits, self._tracker
        self._turn = (self._turn + 1) % max(1, len(self._order))
        left = min(limits.fetch_bytes, limits.bytes_in_flight - tracker.bytes_in_flight)
        readable: list[tuple[TP, int]] = []
        for at in (*self._order[self._turn :], *self._order[: self._turn]):
            if left <= 0:
                break
            records = waiting.get(at, 0)
            if records <= 0 or at not in active:
                continue
            if self.app.rebalancing and at.topic not in self.app.tables.changelog_topics:
                continue  # Faust empties its streams' queues once recovery is over: what came before would be lost
            if self._options.holds(at.topic) or self._lingers_for(at, records) or self._gives_way(at, waiting):
                continue
            held = tracker.waiting(at)
            if at.topic in self.app.batch_topics:
                room = limits.run_bytes if held < limits.runs_in_flight else 0
                if not room and at.topic in self._options.joined_topics:
                    room = limits.run_bytes - tracker.bytes_waiting(at)
            else:
                room = limits.messages_bytes - tracker.bytes_waiting(at) if held < limits.messages_in_flight else 0
            if room > 0:
                readable.append((at, min(room, left)))
                left -= room
        readable.sort(key=lambda each: self._ranks.get(each[0].topic, 0))
        return readable

    def _lingers_for(self, at: TP, records: int) -> float:
        """Seconds that so many records of a partition are to wait for company; infinite until an acknowledgement."""
        return self._linger.left(at, records, busy=self._tracker.waiting(at) > 0)

    def _until_due(self, waiting: Mapping[TP, int]) -> float:
        """Seconds until the first partition lingers no longer that has records to read; infinite where none will."""
        left = (self._lingers_for(at, records) for at, records in waiting.items() if records > 0)
        return min((seconds for seconds in left if seconds), default=math.inf)

    def _gives_way(self, at: TP, waiting: Mapping[TP, int]) -> bool:
        """Whether there is enough to do of what the topic gives way to, or keeps pace with, in any partition that is
        read here.
        """
        first = self._options.gives_way.get(at.topic, ())
        slower = self._options.keeps_pace.get(at.topic, ())
        if not first and not slower:
            return False
        if not any(
            (other.topic in first and (waiting.get(other, 0) > 0 or self._tracker.waiting(other) > 1))
            or (other.topic in slower and waiting.get(other, 0) + self._tracker.waiting(other) > self._limits.lead)
            for other in self._order
        ):
            return False
        return time.monotonic() - self._gave_way_at.setdefault(at, time.monotonic()) < self.GIVES_WAY_SECONDS

    def _records_wanted(self, at: TP) -> int:
        self._linger.note_read(at)
        self._gave_way_at.pop(at, None)
        if at.topic in self.app.batch_topics:
            return self._limits.run_records
        return self._limits.messages_in_flight - self._tracker.waiting(at)

    def to_message(self, tp: TP, record: Incoming) -> ConsumerMessage:
        """A run, or one record."""
        fields: dict[str, Any] = {
            "topic": tp.topic,
            "partition": tp.partition,
            "offset": record.offset,
            "timestamp": record.timestamp / 1000,
            "timestamp_type": 0,
            "headers": list(record.headers),
            "key": record.key,
            "value": record.value,
            "checksum": None,
            "serialized_key_size": len(record.key or b""),
            "serialized_value_size": record.size - len(record.key or b""),
            "tp": tp,
            "generation_id": self.app.consumer_generation_id,
        }
        if self._position.get(tp) != record.first_offset:  # fetched before a seek
            return ConsumerMessage(**fields)
        self._position[tp] = record.next_offset
        if not self.app.topics.acks_enabled_for(tp.topic):
            return ConsumerMessage(**fields)
        delivered = self._tracker.deliver(tp, record.offset, record.size, record.next_offset)
        return TrackedMessage(
            on_acked=lambda message: self._on_acked(message, delivered),
            ack_before=lambda offset: self._on_ack_before(tp, delivered, offset),
            **fields,
        )

    def _pass_over(self, at: TP, next_offset: int) -> None:
        """Go on at `next_offset`, up to which there are only holes: what a transaction leaves (its end, or all of one
        that was aborted), or compaction. They are done once everything before them is; nothing waits for them.
        """
        self._position[at] = next_offset
        if self.app.topics.acks_enabled_for(at.topic):
            self._tracker.pass_over(at, next_offset)
            self.ask_offset_to_commit(at)
            self._to_commit.set()

    def _on_acked(self, message: TrackedMessage, delivered: Delivered) -> None:
        # Faust also acknowledges what its streams skip, unprocessed, while partitions are revoked or at the end
        current = message.generation_id == self.app.consumer_generation_id and self.app.flow_control.is_active()
        if message.tracked or current:
            self._tracker.ack(message.tp, delivered)
            self._to_commit.set()
            self._woken.set()

    def _on_ack_before(self, tp: TP, delivered: Delivered, offset: int) -> None:
        self._tracker.ack_before(tp, delivered, offset)
        self.ask_offset_to_commit(tp)
        self._to_commit.set()

    async def _sleep(self, seconds: float) -> None:
        passed = asyncio.get_running_loop().call_later(seconds, self._woken.set)
        try:
            await self._woken.wait()
        finally:
            passed.cancel()

    # --- acknowledging

    def offset_to_commit(self, tp: TP) -> int | None:
        """The offset to commit; None before the first message is done."""
        return self._tracker.next_offset(tp)

    async def commit_when_due(self) -> None:
        """Commit what is done, at most every `commit_interval`, for ever; asleep while nothing is."""
        while not self.should_stop:
            await self._to_commit.wait()
            await self.sleep(self.commit_interval - time.monotonic() % self.commit_interval)
            self._to_commit.clear()
            if not await self.commit() and self.is_behind():
                self._to_commit.set()  # the log did not take it, or another commit was under way
