"""Tracks delivered messages, to commit only what lies before the first one that is not acknowledged yet.

Faust commits past work in flight (faust-streaming #606), so our consumers track offsets themselves, for runs and for
single messages alike.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from suyuan.connections.topic_partition import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(slots=True, eq=False)
class Delivered:
    """One message; `next_offset` is the one behind its (last) record and the holes that follow, `size` in bytes."""

    next_offset: int
    size: int
    acked: bool = False
    counts: bool = True


@dataclass(slots=True)
class _Partition:
    waiting: deque[Delivered] = field(default_factory=deque)
    bytes_in_flight: int = 0
    next_offset: int | None = None


class OffsetTracker:
    """The messages of each partition, in the order of delivery."""

    def __init__(self) -> None:
        self._partitions: defaultdict[TopicPartition, _Partition] = defaultdict(_Partition)
        self.bytes_in_flight = 0

    def deliver(self, at: TopicPartition, offset: int, size: int, next_offset: int | None = None) -> Delivered:
        """Note that a message of `size` bytes goes to its stream. `offset`: its (last) record's; `next_offset`: where
        reading goes on; None: the offset behind it.
        """
        delivered = Delivered(offset + 1 if next_offset is None else next_offset, size)
        partition = self._partitions[at]
        partition.waiting.append(delivered)
        partition.bytes_in_flight += size
        self.bytes_in_flight += size
        return delivered

    def ack(self, at: TopicPartition, delivered: Delivered) -> None:
        """Note that a message is acknowledged. One that was delivered before a seek no longer counts."""
        if delivered.acked or not delivered.counts:
            return
        delivered.acked = True
        partition = self._partitions[at]
        partition.bytes_in_flight -= delivered.size
        self.bytes_in_flight -= delivered.size
        while partition.waiting and partition.waiting[0].acked:
            partition.next_offset = partition.waiting.popleft().next_offset

    def pass_over(self, at: TopicPartition, next_offset: int) -> None:
        """Note that behind what was delivered there is no record before `next_offset`."""
        partition = self._partitions[at]
        if partition.waiting:
            partition.waiting[-1].next_offset = next_offset
        else:
            partition.next_offset = next_offset

    def ack_before(self, at: TopicPartition, delivered: Delivered, offset: int) -> None:
        """Note that of a run what lies before `offset` is done, and the rest will not be. Nothing changes while
        messages before the run are unacknowledged.
        """
        partition = self._partitions[at]
        if delivered.counts and partition.waiting and partition.waiting[0] is delivered:
            partition.next_offset = offset

    def next_offset(self, at: TopicPartition) -> int | None:
        """The offset to commit; None before the first message is done."""
        return self._partitions[at].next_offset if at in self._partitions else None

    def waiting(self, at: TopicPartition) -> int:
        """Messages that cannot be committed yet: unacknowledged ones, and those acknowledged behind them."""
        return len(self._partitions[at].waiting) if at in self._partitions else 0

    def bytes_waiting(self, at: TopicPartition) -> int:
        """Bytes of the partition's unacknowledged messages."""
        return self._partitions[at].bytes_in_flight if at in self._partitions else 0

    def forget(self, partitions: Iterable[TopicPartition]) -> None:
        """Drop what was delivered of these partitions: the read position moved, so it no longer counts."""
        for at in partitions:
            partition = self._partitions.pop(at, None)
            if partition is None:
                continue
            self.bytes_in_flight -= partition.bytes_in_flight
            for delivered in partition.waiting:
                delivered.counts = False
