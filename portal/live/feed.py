"""The feed: reads the topic of alerts while somebody listens, and hands each message to whoever wants some of it.

Rows are decoded, encoded and, for all who want the same, joined once. Its place is the next offset of each partition:
all that lies before was handed on.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress

from suyuan.access.scope import Scope
from suyuan.connections.log_errors import MessagesLost
from suyuan.connections.topic_partition import TopicPartition
from suyuan.errors import SuyuanError
from suyuan.operations.alerts.cursor import BadCursor, read_cursor, write_cursor
from suyuan.operations.alerts.filters import alert_matcher
from suyuan.operations.alerts.outward import TOPIC, OutwardAlert
from suyuan.portal.live.replay import Replays, recent
from suyuan.portal.live.ring import Ring
from suyuan.portal.live.rows import LiveMessage, LiveRow, live_messages, live_part, told
from suyuan.portal.live.subscriber import MOST_PENDING, Chunk, Subscriber
from suyuan.portal.metrics import LIVE_DELAY, LIVE_EVICTED, LIVE_LAG, LIVE_STREAMS
from suyuan.portal.ports import AsyncTail, Ports
from suyuan.portal.problems import Problem, unavailable
from suyuan.queries.sql.alerts import AlertFilter

logger = logging.getLogger(__name__)

MOST_STREAMS = 500
MOST_OF_ONE = 5
"""streams of a principal: a browser has six connections to a host, and needs one for pages"""
CHECK_SECONDS = 15.0
"""between two looks at whether whoever listens still may; each comes with a sign of life"""
SEND_SECONDS = 20.0
"""that a write may not be taken"""
LINGER_SECONDS = 10.0
"""that the topic is read on when nobody listens any more: a page that is loaded anew comes back"""
WRITE_SECONDS = 0.05
"""between two writes of a stream at least: what comes meanwhile is written with the second"""
WRITE_SECONDS_EACH = 0.00015
"""the same for each stream that is open: with 500 of them they are written less often, for half of a core"""
PATIENCE_SECONDS = 10.0
_READ_SECONDS = 0.5
_AGAIN_SECONDS = 1.0
_TICK_SECONDS = 1.0
_GATHER_SECONDS = 0.005
"""that what comes first waits for what was read with it"""
_CROWDED = MOST_PENDING // 4

Wanting = tuple[Scope, AlertFilter]


def wanted_part(scope: Scope, wanted: AlertFilter) -> Callable[[LiveRow], LiveRow | None]:
    """What is told of a row: as much as the scope shows, where that is as the filter wants it; None: nothing."""
    matches = alert_matcher(wanted)

    def part(row: LiveRow) -> LiveRow | None:
        seen = live_part(scope, row)
        return seen if seen is not None and matches(seen) else None

    return part


class Feed:
    """For one loop. `clock`: ms UTC."""

    def __init__(self, ports: Ports, monotonic: Callable[[], float], clock: Callable[[], int]) -> None:
        self._ports = ports
        self._monotonic = monotonic
        self._clock = clock
        self._replays = Replays(ports, clock)
        self._groups: dict[Wanting, set[Subscriber]] = {}
        self._parts: dict[Wanting, Callable[[LiveRow], LiveRow | None]] = {}
        self._subscribers: dict[Subscriber, Wanting] = {}
        self._next: dict[TopicPartition, int] = {}
        self._ring = Ring({})
        self._place: str | None = None
        self._wanted = asyncio.Event()
        self._ready = asyncio.Event()
        self._waiting = 0
        """who want the topic to be read, and wait until it is"""
        self._writing: asyncio.TimerHandle | None = None
        """when all are woken for whom something waits"""
        self._written_at = -WRITE_SECONDS
        self._listened_at = -LINGER_SECONDS
        self._read_at: float | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self.trouble = ""
        """why the topic cannot be read now; empty: it can, or nobody listens"""

    def start(self) -> None:
        """Within a loop."""
        self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._watch())]
        LIVE_LAG.set_function(self.lag)

    async def stop(self) -> None:
        """Safe to call twice."""
        self.end_all()
        if self._writing is not None:
            self._writing.cancel()
        for task in self._tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def end_all(self) -> None:
        """Tell every stream that it ends, and may come back."""
        for subscriber in tuple(self._subscribers):
            subscriber.end("restart")

    def lag(self) -> float:
        """Seconds since all that the topic had was read; 0 while nobody listens."""
        if not self._subscribers or self._read_at is None:
            return 0.0
        return max(0.0, self._monotonic() - self._read_at - _READ_SECONDS)

    @property
    def place(self) -> str:
        """Behind all that was handed on."""
        if self._place is None:
            self._place = write_cursor(TOPIC, self._next)
        return self._place

    async def recent_place(self) -> str:
        """A little before the end of the topic: from there on a page listens whose rows come from the tables, which may
        lag. Raises Problem.
        """
        await self._reading()
        return write_cursor(TOPIC, recent(self._next))

    async def subscribe(
        self, principal: str, scope: Scope, wanted: AlertFilter, abort: Callable[[], None]
    ) -> Subscriber:
        """From now on. Raises Problem where there are too many, or the topic cannot be read."""
        if len(self._subscribers) >= MOST_STREAMS:
            raise unavailable(f"{MOST_STREAMS} streams are open")
        if Counter(each.principal for each in self._subscribers)[principal] >= MOST_OF_ONE:
            raise Problem("too-many-requests", f"{MOST_OF_ONE} streams are open", headers={"Retry-After": "5"})
        await self._reading()
        key = (scope, wanted)
        part = self._parts.setdefault(key, wanted_part(scope, wanted))
        made = Subscriber(principal, part, dict(self._next), abort)
        made.check_at = self._monotonic() + CHECK_SECONDS
        self._groups.setdefault(key, set()).add(made)
        self._subscribers[made] = key
        LIVE_STREAMS.set(len(self._subscribers))
        return made

    def leave(self, subscriber: Subscriber) -> None:
        """Safe to call twice."""
        key = self._subscribers.pop(subscriber, None)
        if key is None:
            return
        self._groups[key].discard(subscriber)
        if not self._groups[key]:
            del self._groups[key], self._parts[key]
        self._listened_at = self._monotonic()
        LIVE_STREAMS.set(len(self._subscribers))
        if subscriber.evicted is not None:
            LIVE_EVICTED.labels(subscriber.evicted).inc()

    def latest(self, alert_id: str, scope: Scope) -> OutwardAlert | None:
        """How an alert stood when it was last handed on, of the latest rows that the scope shows."""
        row = self._ring.latest(alert_id)
        part = None if row is None else live_part(scope, row)
        return None if part is None else told(part)

    def now(self) -> float:
        """Seconds, of a clock that only goes on."""
        return self._monotonic()

    def read_place(self, text: str) -> dict[TopicPartition, int] | None:
        """Of a cursor; None for one that is no place in this topic."""
        try:
            return read_cursor(text, TOPIC, len(self._next))
        except BadCursor:
            return None

    async def missed(
        self, first: Mapping[TopicPartition, int], until: Mapping[TopicPartition, int]
    ) -> AsyncGenerator[LiveMessage]:
        """Messages from a place on up to another. Raises TooFar, SuyuanError."""
        kept = self._ring.since(first) if all(first[at] <= end for at, end in until.items()) else None
        if kept is None:
            async with aclosing(self._replays.read(first, until)) as found:
                async for message in found:
                    yield message
            return
        for message in kept:
            if message.offset < until[TOPIC, message.partition]:
                yield message

    async def _reading(self) -> None:
        self._wanted.set()
        self._waiting += 1
        try:
            await asyncio.wait_for(self._ready.wait(), PATIENCE_SECONDS)
        except TimeoutError:
            raise unavailable(self.trouble or "the log of alerts was not read yet") from None
        finally:
            self._waiting -= 1
            self._listened_at = self._monotonic()

    async def _follow(self) -> None:
        first: dict[TopicPartition, int] | None = None
        while True:
            try:
                if not self._is_listened_to():
                    first = None
                    self._wanted.clear()
                    self._ready.clear()
                await self._wanted.wait()
                async with self._ports.tail([TOPIC], first) as tail:
                    if first is None:
                        self._begin(tail.next_offsets)
                    await self._read_on(tail)
            except MessagesLost as error:  # another log
                logger.warning("alerts are followed anew: %s", error)
                first = None
            except SuyuanError as error:
                if self.trouble != str(error):
                    logger.warning("alerts are not followed further: %s", error)
                self.trouble = str(error)
                first = self._next if self._ready.is_set() else None
                await asyncio.sleep(_AGAIN_SECONDS)
            except Exception:  # whatever it is: those who listen must not wait for ever
                logger.exception("alerts are not followed further, and it is tried again")
                self.trouble = "failed: the log says why"
                first = self._next if self._ready.is_set() else None
                await asyncio.sleep(_AGAIN_SECONDS)

    def _begin(self, offsets: Mapping[TopicPartition, int]) -> None:
        self._next, self._place = dict(offsets), None
        self._ring = Ring(self._next)
        for subscriber in self._subscribers:
            subscriber.begin_anew()
        self._ready.set()

    async def _read_on(self, tail: AsyncTail) -> None:
        """While somebody listens."""
        while self._is_listened_to():
            found = await tail.read(_READ_SECONDS)
            self.trouble = ""
            for message in await asyncio.to_thread(live_messages, found) if found else ():
                self._hand_on(message)
                if self._crowded():
                    self._write()
                    await asyncio.sleep(0.01)
                else:
                    await asyncio.sleep(0)
            self._next.update(tail.next_offsets)
            self._place = None
            self._read_at = self._monotonic()

    def _is_listened_to(self) -> bool:
        return bool(self._subscribers) or self._waiting > 0 or self._monotonic() - self._listened_at < LINGER_SECONDS

    def _hand_on(self, message: LiveMessage) -> None:
        self._ring.add(message)
        self._next[TOPIC, message.partition] = message.offset + 1
        self._place = None
        if message.rows:
            LIVE_DELAY.observe(max(0, self._clock() - message.rows[-1].received_at) / 1000)
        for key, group in self._groups.items():
            part = self._parts[key]
            rows = tuple(seen for row in message.rows if (seen := part(row)) is not None)
            if rows:
                chunk = Chunk(rows)
                for subscriber in group:
                    subscriber.offer(chunk)
                self._write_soon()

    def _write_soon(self) -> None:
        """By one timer for all: what is the same for many is joined once."""
        if self._writing is None:
            between = max(WRITE_SECONDS, WRITE_SECONDS_EACH * len(self._subscribers))
            left = self._written_at + between - self._monotonic()
            self._writing = asyncio.get_running_loop().call_later(max(_GATHER_SECONDS, left), self._write)

    def _write(self) -> None:
        """For all for whom something waits."""
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
        self._written_at = self._monotonic()
        for each in self._subscribers:
            if each.pending:
                each.wake.set()

    def _crowded(self) -> bool:
        """Whether much waits for somebody who takes it."""
        return any(each.pending > _CROWDED and each.sending_since is None for each in self._subscribers)

    async def _watch(self) -> None:
        """Who does not take what is written, and whose time has come to be looked at again."""
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            now = self._monotonic()
            for each in tuple(self._subscribers):
                if each.sending_since is not None and now - each.sending_since > SEND_SECONDS:
                    each.evict("not reading")
                elif now >= each.check_at:
                    each.check_at, each.check_due = now + CHECK_SECONDS, True
                    each.wake.set()
