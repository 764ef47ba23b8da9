"""When the few records of a partition are read: a block costs its stage much the same whatever it holds."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

from suyuan.connections.topic_partition import TopicPartition


class Linger:
    """Few records wait for company until the run before them is done, and so many seconds are over since it was read.
    Topics that are not named do not wait.
    """

    def __init__(
        self,
        seconds: Mapping[str, Callable[[], float]],
        *,
        enough: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`seconds`: by topic, asked for each time. `enough`: records that wait for no others."""
        self._seconds = seconds
        self._enough = enough
        self._clock = clock
        self._read_at: dict[TopicPartition, float] = {}

    def note_read(self, at: TopicPartition) -> None:
        """Note that a run of the partition is read now."""
        self._read_at[at] = self._clock()

    def left(self, at: TopicPartition, records: int, *, busy: bool) -> float:
        """Seconds that so many records of a partition are to wait yet; infinite until the run before them is done.
        `busy`: it is not.
        """
        seconds = self._seconds.get(at[0])
        if seconds is None or records >= self._enough:
            return 0.0
        if busy:
            return math.inf
        return max(0.0, self._read_at.get(at, -math.inf) + seconds() - self._clock())
