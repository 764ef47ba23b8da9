"""Notices a partition that stands still: its commits stay where they are while its log grows.

Consumers have been seen to hang without an error (faust-streaming #523, #629, #640; aiokafka loses a fetch now and
then). Seen from outside all of these look the same, and a restart ends them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

TopicPartition = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Progress:
    """`committed`: the group's next offset; `end`: the log's."""

    committed: int
    end: int


@dataclass(slots=True)
class _Standing:
    committed: int
    end: int
    since: float


class StalledError(Exception):
    """A partition stands still; the text says which, where and for how long."""


class Watchdog:
    """`limit`: seconds that a partition may stand still."""

    def __init__(self, limit: float = 60.0) -> None:
        self.limit = limit
        self._standing: dict[TopicPartition, _Standing] = {}

    def observe(self, now: float, progress: Mapping[TopicPartition, Progress]) -> None:
        """Progress of the partitions that this process has, at `now` (seconds of a clock that never goes back).

        Raises StalledError.
        """
        for at in self._standing.keys() - progress.keys():
            del self._standing[at]
        stalled = []
        for at, seen in progress.items():
            known = self._standing.get(at)
            if known is None or known.committed != seen.committed or seen.committed >= seen.end:
                self._standing[at] = _Standing(seen.committed, seen.end, now)
            elif now - known.since > self.limit and seen.end > known.end:
                stalled.append(
                    f"{at[0]}-{at[1]} at offset {seen.committed} for {now - known.since:.0f} s, its end moved from "
                    f"{known.end} to {seen.end}"
                )
        if stalled:
            raise StalledError("commits stand still while the log grows: " + "; ".join(sorted(stalled)))
