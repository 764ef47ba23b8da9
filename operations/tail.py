"""Messages of topics as they come, whichever log they are in."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from suyuan.connections.log_errors import MessagesLost
from suyuan.connections.lost import Lost
from suyuan.connections.topic_partition import TopicPartition
from suyuan.errors import SuyuanError
from suyuan.sinks.log_reader import Fetched

MOST_RECORDS = 8_192
"""of one partition in one read"""
MOST_BYTES = 8 << 20
"""of one read, but for its last message"""
POLL_SECONDS = 0.02
"""between two looks at the ends"""


class Reader(Protocol):
    """What a log can be asked."""

    def partitions(self, topic: str) -> int:
        """How many the topic has."""

    def end_offsets(self) -> Mapping[TopicPartition, int]:
        """The next offset of every partition; cheap, since it is asked often."""

    def start_offsets(self) -> Mapping[TopicPartition, int]:
        """The earliest offset that every partition may still hold."""

    def fetch(self, topic: str, partition: int, offset: int, max_records: int, max_bytes: int) -> Fetched:
        """From `offset` on, or from the start where that is later; at least one record where there is one."""


@dataclass(frozen=True, slots=True)
class Messages:
    """Of one partition in order of offset, columns of equal length. Offsets may have holes."""

    topic: str
    partition: int
    offsets: Sequence[int]
    values: Sequence[bytes | None]


class Tail:
    """For one thread. Nothing is committed anywhere: whoever wants to go on later keeps `next_offsets`."""

    def __init__(
        self,
        log: Reader,
        topics: Sequence[str],
        first_offsets: Mapping[TopicPartition, int] | None = None,
        listen: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        """From `first_offsets` on, partitions that it does not name from their start; None: what comes from now on.
        `listen(wake)`: has the log call `wake` when something came, where it can. Raises MessagesLost where an
        offset is beyond the end (the log is another, or lost its end) or before the start (what follows was deleted).
        """
        self._log = log
        self._listen = listen
        self._places = deque((topic, number) for topic in topics for number in range(log.partitions(topic)))
        ends, starts = self.end_offsets(), log.start_offsets()
        self._next = dict(ends) if first_offsets is None else {at: first_offsets.get(at, starts[at]) for at in ends}
        lost = [
            Lost(*at, first, bound)
            for at, first in self._next.items()
            for bound in (min(max(first, starts[at]), ends[at]),)
            if bound != first
        ]
        if lost:
            raise MessagesLost("; ".join(map(str, lost)))

    @property
    def next_offsets(self) -> Mapping[TopicPartition, int]:
        """Of every partition, behind what was read."""
        return dict(self._next)

    def listen(self, wake: Callable[[], None]) -> bool:
        """Have `wake` called, in some thread, when something has come, until the log is closed; False: this log does
        not tell.
        """
        if self._listen is None:
            return False
        self._listen(wake)
        return True

    def end_offsets(self) -> Mapping[TopicPartition, int]:
        """The next offset that each partition will give, as of now."""
        ends = self._log.end_offsets()
        return {at: ends[at] for at in self._places}

    def read(self, seconds: float = 0.0) -> list[Messages]:
        """What has come, MOST_BYTES of it at a time, each partition in its turn; nothing came within so many seconds
        where it is empty. Raises SuyuanError: UNAVAILABLE where the log does not answer, then it may be asked again;
        MessagesLost where messages were deleted before they were read.
        """
        until = time.monotonic() + seconds
        while True:
            found = self._read()
            left = until - time.monotonic()
            if found or left <= 0:
                return found
            time.sleep(min(left, POLL_SECONDS))

    def _read(self) -> list[Messages]:
        found: list[Messages] = []
        ends, room = self._log.end_offsets(), MOST_BYTES
        for at in tuple(self._places):
            if self._next[at] >= ends[at]:
                continue
            if room <= 0:
                break
            try:
                fetched = self._log.fetch(*at, self._next[at], MOST_RECORDS, room)
            except SuyuanError:
                if found:  # counts as read already: it is given first, and the partition is asked again next time
                    return found
                raise
            self._places.remove(at)  # its next turn is after all others'
            self._places.append(at)
            if len(fetched.offsets) and fetched.offsets[0] > self._next[at]:
                self._refuse_deleted(at)
            if len(fetched.offsets):
                self._next[at] = fetched.offsets[-1] + 1
                room -= sum(len(value) for value in fetched.values if value is not None)
                found.append(Messages(*at, fetched.offsets, fetched.values))
            else:
                self._next[at] = ends[at]  # the rest was compacted away, or belongs to no message
        return found

    def _refuse_deleted(self, at: TopicPartition) -> None:
        """A hole in the offsets is none of compaction's where the partition begins behind it."""
        start = self._log.start_offsets()[at]
        if start > self._next[at]:
            raise MessagesLost(str(Lost(*at, self._next[at], start)))
