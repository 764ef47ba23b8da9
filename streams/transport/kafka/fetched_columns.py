"""What aiokafka fetched of a partition, taken out as columns a part of a batch at a time.

aiokafka's own iterator goes through three Python calls for each record, which take four times as long as unpacking it
(2 us and 0.5 us). A batch that cannot be unpacked is one record, as in the other client (`connections.refused_batch`).
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from aiokafka.errors import CorruptRecordException

from suyuan.connections.aiokafka_internals import holds_no_input, take_over
from suyuan.connections.refused_batch import RefusedBatch, bound_aiokafka
from suyuan.connections.unpacking import CannotUnpack, take_last_size
from suyuan.eventlog.records import Fetched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suyuan.connections.aiokafka_internals import PartitionRecords

PART = 65_536
"""records that are made at a time: small ones would take fifty times the room of the batch"""


class FetchedColumns:
    """Stands in for aiokafka's `PartitionRecords`, of which the fetcher uses no more than `next_fetch_offset`."""

    def __init__(self, fetched: PartitionRecords) -> None:
        """Takes over from the present position of `fetched`, which must not be read any more."""
        self.next_fetch_offset: int = fetched.next_fetch_offset
        self._at, self._batches, self._check = take_over(fetched)
        self._transactions = fetched
        self._left = Fetched.empty()
        self._rest: Iterator[Any] | None = None
        """records of the batch in hand"""
        self._next_offset = self.next_fetch_offset
        self._unpacked_bytes = 0
        bound_aiokafka()

    @property
    def exhausted(self) -> bool:
        """Whether nothing is left."""
        return not len(self._left) and self._rest is None and not self._batches.has_next()

    @property
    def held(self) -> int:
        """Bytes of a packed batch that is unpacked and not yet taken to its end."""
        return self._unpacked_bytes if self._rest is not None or len(self._left) else 0

    def take(self, records: int, room: int) -> Fetched:
        """At most so many records, and no more than one beyond `room` bytes of keys and values."""
        taken = Fetched.empty()
        while len(taken) < records and room > 0 and (len(self._left) or self._unpack()):
            left = self._left
            count, size = _fitting(left, records - len(taken), room)
            room -= size
            if count == len(left):
                taken.extend(left)
                self._left = Fetched.empty()
            else:
                taken.extend(_cut(left, 0, count))
                self._left = _cut(left, count, len(left))
            self.next_fetch_offset = self._left.offsets[0] if len(self._left) else self._next_offset
        return taken

    def _unpack(self) -> bool:
        """Unpack the next records; False when there are none."""
        while self._rest is not None or self._batches.has_next():
            if self._rest is None:
                batch = self._batches.next_batch()
                if self._check and not batch.validate_crc():
                    raise CorruptRecordException(f"Invalid CRC - {self._at}")
                self._end = batch.next_offset
                self._rest = iter(()) if holds_no_input(self._transactions, batch) else self._unpacked(batch)
                self._unpacked_bytes = 0
            first_offset, records = self.next_fetch_offset, list(islice(self._rest, PART))
            self._unpacked_bytes += take_last_size()
            if len(records) < PART:
                self._rest, self._next_offset = None, self._end
            else:
                self._next_offset = records[-1].offset + 1
            if records and records[0].offset < first_offset:
                records = [record for record in records if record.offset >= first_offset]
            self._left = _columns(records)
            if len(self._left):
                return True
            self.next_fetch_offset = max(self.next_fetch_offset, self._next_offset)
        return False

    def _unpacked(self, batch: Any) -> Iterator[Any]:
        try:
            yield from batch
        except CannotUnpack as error:  # before the first record
            last = batch.next_offset - 1
            first = getattr(batch, "base_offset", min(self.next_fetch_offset, last))
            yield _Refused(RefusedBatch.of(error, first, last), last, getattr(batch, "max_timestamp", 0))


class _Refused:
    """The one record of a batch that was not unpacked."""

    key = None
    headers = ()

    def __init__(self, value: RefusedBatch, offset: int, timestamp: int) -> None:
        self.value, self.offset, self.timestamp = value, offset, timestamp


def _columns(records: list[Any]) -> Fetched:
    return Fetched(
        [record.offset for record in records],
        [record.key for record in records],
        [record.value for record in records],
        [record.timestamp for record in records],
        [record.headers for record in records],
    )


def _cut(fetched: Fetched, start: int, stop: int) -> Fetched:
    return Fetched(
        fetched.offsets[start:stop],
        fetched.keys[start:stop],
        fetched.values[start:stop],
        fetched.timestamps[start:stop],
        fetched.headers[start:stop],
    )


def _fitting(fetched: Fetched, records: int, room: int) -> tuple[int, int]:
    """(how many, bytes) of the first records that fill the room or are as many as wanted."""
    size = sum(map(len, filter(None, fetched.keys))) + sum(map(len, filter(None, fetched.values)))
    if len(fetched) <= records and size <= room:
        return len(fetched), size
    size = 0
    for count, (key, value) in enumerate(zip(fetched.keys, fetched.values, strict=True), 1):
        size += len(key or b"") + len(value or b"")
        if size >= room or count == records:
            return count, size
    return len(fetched), size
