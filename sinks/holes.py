"""Offsets at which a log has no record and never will: a transaction's end, all of one that was aborted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Protocol

from suyuan.connections.topic_partition import TopicPartition
from suyuan.sinks.log_reader import Fetched

FETCH_RECORDS = 2000
FETCH_BYTES = 4 << 20
NEAR = 1000
"""offsets: reading on to what is not further away is cheaper than asking for it"""
_PAGE_BITS = 16


class InputLog(Protocol):
    """The log of the topics of events, none of which is compacted."""

    def start_offsets(self) -> Mapping[TopicPartition, int]:
        """The first offset that each partition still has."""

    def end_offsets(self) -> Mapping[TopicPartition, int]:
        """The next offset of every partition; what belongs to an open transaction is behind it."""

    def fetch(self, topic: str, partition: int, offset: int, max_records: int, max_bytes: int) -> Fetched:
        """Records from `offset` on; at least one where there is one. Aborted transactions are left out."""


class Holes:
    """The holes found so far, by partition; a bit for each offset where there are many, nothing where there are
    none.
    """

    def __init__(self) -> None:
        self._pages: dict[TopicPartition, dict[int, int]] = {}

    def add(self, at: TopicPartition, offsets: Sequence[int]) -> None:
        """Add holes of a partition."""
        pages = self._pages.setdefault(at, {})
        for offset in offsets:
            page = offset >> _PAGE_BITS
            pages[page] = pages.get(page, 0) | 1 << (offset & ((1 << _PAGE_BITS) - 1))

    def has(self, at: TopicPartition, offset: int) -> bool:
        """Whether an offset is a known hole."""
        page = self._pages.get(at, {}).get(offset >> _PAGE_BITS, 0)
        return bool(page >> (offset & ((1 << _PAGE_BITS) - 1)) & 1)

    def count(self, at: TopicPartition, low: int, high: int) -> int:
        """How many holes are known from `low` to before `high`."""
        total = 0
        for page, bits in self._pages.get(at, {}).items():
            first = page << _PAGE_BITS
            below = max(0, min(high - first, 1 << _PAGE_BITS))
            skipped = max(0, min(low - first, below))
            total += ((bits & ((1 << below) - 1)) >> skipped).bit_count()
        return total


def find_holes(log: InputLog, at: TopicPartition, missing: Sequence[int]) -> list[int]:
    """Those of the offsets (ascending) at which the log has no record, though it reaches from before to beyond them:
    what lies before its start may have been anything.
    """
    end = log.end_offsets().get(at, 0)
    found: list[int] = []
    index = position = 0
    while index < len(missing) and missing[index] < end:
        if not position <= missing[index] <= position + NEAR:
            position = missing[index]
        records = log.fetch(*at, position, FETCH_RECORDS, FETCH_BYTES).offsets
        read_to = records[-1] if records else end - 1
        there = set(records)
        upto = bisect_right(missing, min(read_to, end - 1), lo=index)
        found += [offset for offset in missing[index:upto] if offset not in there]
        index, position = upto, read_to + 1
    start = log.start_offsets().get(at, 0)  # asked last: it may have moved meanwhile
    return [offset for offset in found if offset >= start]
