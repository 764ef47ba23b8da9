"""Notices a partition that stands still: its commits stay where they are while its log grows.

Consumers have been seen to hang without an error (faust-streaming #523, #629, #640; aiokafka loses a fetch now and
then). Seen from outside all of these look the same, and a restart ends them.

Busy is not hung: a stage does the blocks of a partition one at a time, those of all its topics. While it gets on with
one of them after a long absence, the others may wait for minutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from suyuan.connections.topic_partition import TopicPartition
from suyuan.errors import SuyuanError
from suyuan.streams.topology import READERS


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


class StalledError(SuyuanError):
    """A partition stands still; the text says which, where and for how long."""


class Watchdog:
    """Raises StalledError for a partition that stands still. `limit`: seconds that it may; `busy_limit`: seconds while
    a stage that reads it moves on in another topic of the partition. `readers`: those stages, by topic.
    """

    def __init__(
        self, limit: float = 60.0, busy_limit: float = 600.0, readers: Mapping[str, Sequence[str]] = READERS
    ) -> None:
        self.limit = limit
        self.busy_limit = busy_limit
        self._readers = readers
        self._standing: dict[TopicPartition, _Standing] = {}
        self._moved: dict[tuple[str, int], float] = {}
        """(stage, partition) → when a commit of one of its topics moved last"""
        self._seen_at = 0.0
        self._blind = False

    def look_away(self) -> None:
        """Note that progress is unknown, since brokers are away. The time between the last observation and the next one
        counts as no partition's stall.
        """
        self._blind = True

    def observe(self, now: float, progress: Mapping[TopicPartition, Progress]) -> None:
        """Take the progress of the partitions that this process has, at `now` (seconds of a clock that never goes
        back).

        Raises StalledError.
        """
        if self._blind:
            self._pass_over(now - self._seen_at)
        self._seen_at, self._blind = now, False
        for at in self._standing.keys() - progress.keys():
            del self._standing[at]
        for at, seen in progress.items():
            known = self._standing.get(at)
            if known is not None and known.committed != seen.committed:
                self._moved |= dict.fromkeys(self._stage_partitions(at), now)
        stalled = []
        for at, seen in progress.items():
            known = self._standing.get(at)
            if known is None or known.committed != seen.committed or seen.committed >= seen.end:
                self._standing[at] = _Standing(seen.committed, seen.end, now)
            elif now - known.since > self._limit_of(at, now) and seen.end > known.end:
                stalled.append(
                    f"{at[0]}-{at[1]} at offset {seen.committed} for {now - known.since:.0f} s, its end moved from "
                    f"{known.end} to {seen.end}"
                )
        if stalled:
            raise StalledError("commits stand still while the log grows: " + "; ".join(sorted(stalled)))

    def _pass_over(self, seconds: float) -> None:
        for standing in self._standing.values():
            standing.since += seconds
        self._moved = {at: moved + seconds for at, moved in self._moved.items()}

    def _limit_of(self, at: TopicPartition, now: float) -> float:
        moved = [self._moved[each] for each in self._stage_partitions(at) if each in self._moved]
        return self.busy_limit if moved and now - max(moved) <= self.limit else self.limit

    def _stage_partitions(self, at: TopicPartition) -> Iterator[tuple[str, int]]:
        """Of every stage that reads the topic: a commit waits for all of them."""
        return ((stage, at[1]) for stage in self._readers.get(at[0], (at[0],)))
