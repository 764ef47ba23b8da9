"""One stream: what waits for whoever listens, and when it has waited for too long."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import chain

import msgspec

from suyuan.connections.topic_partition import TopicPartition
from suyuan.domain.rules.rule import SEVERITIES
from suyuan.portal.live.frames import event, placed
from suyuan.portal.live.rows import LiveRow

MOST_PENDING = 1 << 20
"""bytes that may wait for one who is slow to take them"""
STORM_ROWS = 200
"""of one write, of which more are told as how many there are, but for the grave ones"""
_GRAVE = frozenset(SEVERITIES[2:])


class Chunk:
    """Rows of a message for all who want the same, each of whom is offered all of these in their order."""

    def __init__(self, rows: Sequence[LiveRow]) -> None:
        self.rows = rows
        self.data = b"".join(row.data for row in rows)
        self._written: tuple[int, str, bytes, int] | None = None
        """what was written last that ends with it: of how many, the place, the bytes, how many rows"""

    @cached_property
    def grave(self) -> list[bytes]:
        """Events of rows that are told one by one in a storm too."""
        return [row.data for row in self.rows if row.severity in _GRAVE]

    def written(self, chunks: Sequence[Chunk], place: str) -> tuple[bytes, int]:
        """These, of which it is the last, as one write that ends with that place, and how many rows it is: made once
        for all for whom the same waits.
        """
        if self._written is None or self._written[:2] != (len(chunks), place):
            self._written = len(chunks), place, *_written(chunks, place)
        return self._written[2:]


class Subscriber:
    """`part`: what it is told of a row, None: nothing; `principal`: whose it is. For one loop."""

    def __init__(
        self,
        principal: str,
        part: Callable[[LiveRow], LiveRow | None],
        began_at: Mapping[TopicPartition, int],
        abort: Callable[[], None],
    ) -> None:
        """`began_at`: it is offered what comes at or behind these offsets; `abort` ends the connection, whatever still
        waits in it.
        """
        self.began_at = began_at
        self.principal = principal
        self.part = part
        self._abort = abort
        self._pending: list[Chunk] = []
        self._bytes = 0
        self._task: asyncio.Task[None] | None = None
        self.wake = asyncio.Event()
        self.ending: str | None = None
        """why it is to end"""
        self.evicted: str | None = None
        """why it was ended at once"""
        self.check_at = 0.0
        """when it is to be looked at again whether whoever listens still may"""
        self.check_due = False
        self.sending_since: float | None = None
        """since when a write is not taken"""
        self.missed = False
        """whether it is to begin anew"""

    @property
    def pending(self) -> int:
        """Bytes that wait."""
        return self._bytes

    def offer(self, chunk: Chunk) -> None:
        """Have it wait until the feed wakes it. One that has let too much wait is evicted: it can go on from its last
        place.
        """
        if self._bytes and self._bytes + len(chunk.data) > MOST_PENDING:
            self.evict("behind")
        if self.evicted is None:
            self._pending.append(chunk)
            self._bytes += len(chunk.data)

    def take(self, place: str) -> tuple[bytes, int]:
        """All that waits as one write, which ends with that place, and how many rows it is; nothing for nothing."""
        chunks, self._pending, self._bytes = self._pending, [], 0
        return chunks[-1].written(chunks, place) if chunks else (b"", 0)

    def end(self, why: str) -> None:
        """After what waits is written."""
        self.ending = self.ending or why
        self.wake.set()

    def begin_anew(self) -> None:
        """What waits is of no use any more, and what comes does not follow it."""
        self._pending, self._bytes, self.missed = [], 0, True
        self.wake.set()

    def evict(self, why: str) -> None:
        """At once, whatever waits."""
        if self.evicted is None:
            self.evicted = why
            self._pending, self._bytes = [], 0
            self._abort()
            if self._task is not None:
                self._task.cancel()

    def runs_in(self, task: asyncio.Task[None]) -> None:
        """The task that writes."""
        self._task = task


def _written(chunks: Sequence[Chunk], place: str) -> tuple[bytes, int]:
    rows = sum(len(chunk.rows) for chunk in chunks)
    if rows <= STORM_ROWS:
        return placed([chunk.data for chunk in chunks], place), rows
    told = list(chain.from_iterable(chunk.grave for chunk in chunks))
    return placed([*told, *_bursts(chunks)], place), len(told)


def _bursts(chunks: Sequence[Chunk]) -> list[bytes]:
    """An event for each rule: how many of its rows are not told one by one, the worst severity, the first alert."""
    counts: Counter[str] = Counter()
    worst: dict[str, int] = {}
    first: dict[str, str] = {}
    for row in (row for chunk in chunks for row in chunk.rows if row.severity not in _GRAVE):
        counts[row.rule] += 1
        first.setdefault(row.rule, row.alert_id)
        worst[row.rule] = max(worst.get(row.rule, 0), _rank(row.severity))
    return [
        event(
            "burst",
            msgspec.json.encode(
                {"rule": rule, "count": count, "severity": SEVERITIES[worst[rule]], "alert_id": first[rule]}
            ),
        )
        for rule, count in counts.items()
    ]


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else 0
