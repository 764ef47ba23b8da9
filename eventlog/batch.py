"""A batch: many records of one partition as one blob, column by column.

    head       version, codec (1 byte each), flags (2), count (4); crc32 of these and the body (4)
    body       compressed when that pays:
      offsets    uint32 each, from the batch's base offset     only when SPARSE (compaction left holes)
      timestamps int64 each, ms
      lengths    int32 each of keys, values, headers; -1: null keys only unless NO_KEYS, headers only when HEADERS
      keys, values, headers one after another

Little endian. The base offset is not in the blob: it is known only when the log takes the batch.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from suyuan.errors import SuyuanError
from suyuan.eventlog.packing import CODECS, PACKING_ERRORS, pack, unpacked
from suyuan.eventlog.records import Fetched, Headers, Records

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_BATCH_RECORDS = 8192
MAX_BATCH_BYTES = 4 << 20
MAX_RECORD_BYTES = 256 << 20

_HEAD = struct.Struct("<BBHI")
_CHECKSUM = struct.Struct("<I")
_BODY_AT = _HEAD.size + _CHECKSUM.size
_VERSION = 1
_SPARSE, _NO_KEYS, _HEADERS = 1, 2, 4
_HEADER = struct.Struct("<Hi")

Ints = npt.NDArray[np.int64]


class BatchDamaged(SuyuanError):
    """The blob is not what was written."""


@dataclass(frozen=True, slots=True)
class Batch:
    """An encoded batch. `last` is the last record's offset from the base; `size` is keys and values in bytes."""

    count: int
    last: int
    first_timestamp: int
    last_timestamp: int
    size: int
    blob: bytes


def sizes(records: Records) -> Ints:
    """Bytes of key and value of each record."""
    return np.maximum(_lengths(records.keys), 0) + np.maximum(_lengths(records.values), 0)


def split(records: Records, sizes_of_records: Ints | None = None) -> Iterator[Records]:
    """The records in portions, each fit for a batch: a record larger than a batch stands alone. Their `sizes` may be
    given where they are known.
    """
    ends = np.cumsum(sizes(records) if sizes_of_records is None else sizes_of_records)
    start = 0
    while start < len(records):
        before = int(ends[start - 1]) if start else 0
        room = int(np.searchsorted(ends, before + MAX_BATCH_BYTES, side="right"))
        stop = max(start + 1, min(room, start + MAX_BATCH_RECORDS, len(records)))
        yield records if stop - start == len(records) else records.cut(start, stop)
        start = stop


def encode(records: Records, offsets: Sequence[int] | None = None) -> Batch:
    """Encode at least one record. `offsets` count from the base offset and say where there are holes."""
    flags = 0
    parts: list[bytes] = []
    if offsets is not None:
        flags |= _SPARSE
        parts.append(np.asarray(offsets, dtype="<u4").tobytes())
    timestamps = np.asarray(records.timestamps, dtype="<i8")
    keys, values = _lengths(records.keys), _lengths(records.values)
    parts.append(timestamps.tobytes())
    if bool((keys == -1).all()):
        flags |= _NO_KEYS
    else:
        parts.append(keys.astype("<i4").tobytes())
    parts.append(values.astype("<i4").tobytes())
    headers = None if records.headers is None else [_encode_headers(each) for each in records.headers]
    if headers is not None:
        flags |= _HEADERS
        parts.append(_lengths(headers).astype("<i4").tobytes())
    parts += [_joined(records.keys), _joined(records.values), _joined(headers or ())]
    codec, body = pack(b"".join(parts), len(records))
    count = len(records)
    head = _HEAD.pack(_VERSION, codec, flags, count)
    return Batch(
        count=count,
        last=count - 1 if offsets is None else offsets[-1],
        first_timestamp=int(timestamps.min()),
        last_timestamp=int(timestamps.max()),
        size=int(np.maximum(keys, 0).sum() + np.maximum(values, 0).sum()),
        blob=b"".join((head, _CHECKSUM.pack(zlib.crc32(body, zlib.crc32(head))), body)),
    )


@dataclass(frozen=True, slots=True)
class Columns:
    """A batch's columns, unpacked and not yet cut into records. Lengths are -1 where a cell is null."""

    offsets: Ints
    timestamps: Ints
    """ms since the epoch"""
    key_lengths: Ints | None
    """None: every key is null"""
    value_lengths: Ints
    header_lengths: Ints | None
    """None: there are none"""
    data: memoryview
    cells_at: int
    """where in `data` keys begin; values and headers follow"""

    def __len__(self) -> int:
        return len(self.offsets)

    def sizes(self) -> Ints:
        """Bytes of key and value of each record."""
        values = np.maximum(self.value_lengths, 0)
        return values if self.key_lengths is None else values + np.maximum(self.key_lengths, 0)

    def keys(self) -> list[bytes | None]:
        """Every record's key."""
        return self._cut(0, len(self))[0] or [None] * len(self)

    def records(self, start: int, stop: int) -> Fetched:
        """The records start..stop-1."""
        keys, at = self._cut(start, stop)
        values, at = _cells(self.data, at, self.value_lengths, start, stop)
        headers, _ = _cells(self.data, at, self.header_lengths, start, stop)
        many = stop - start
        return Fetched(
            self.offsets[start:stop].tolist(),
            [None] * many if keys is None else keys,
            values or [],
            self.timestamps[start:stop].tolist(),
            [()] * many if headers is None else [_decode_headers(each or b"") for each in headers],
        )

    def _cut(self, start: int, stop: int) -> tuple[list[bytes | None] | None, int]:
        return _cells(self.data, self.cells_at, self.key_lengths, start, stop)


def unpack(blob: bytes, base_offset: int) -> Columns:
    """A batch's columns. Raises BatchDamaged."""
    try:
        return _columns(blob, base_offset)
    except (struct.error, ValueError, IndexError, *PACKING_ERRORS) as error:
        raise BatchDamaged(str(error)) from error


def decode(
    blob: bytes,
    base_offset: int,
    start_offset: int = 0,
    max_records: int | None = None,
    max_bytes: int | None = None,
) -> Fetched:
    """The records from `start_offset` on, at most so many and so large together, but at least one.

    Raises BatchDamaged.
    """
    columns = unpack(blob, base_offset)
    count = len(columns)
    start = int(np.searchsorted(columns.offsets, start_offset))
    stop = count if max_records is None else min(count, start + max_records)
    if max_bytes is not None and start < stop:
        weights = columns.sizes()[start:stop]
        stop = start + max(1, int(np.searchsorted(np.cumsum(weights), max_bytes, side="right")))
    try:
        return columns.records(start, stop)
    except (struct.error, ValueError, IndexError) as error:
        raise BatchDamaged(str(error)) from error


def _columns(blob: bytes, base_offset: int) -> Columns:
    flags, count, data = _unpack(blob)
    at = 0

    def column(dtype: str, *, present: bool) -> Ints | None:
        nonlocal at
        if not present:
            return None
        found = np.frombuffer(data, dtype=dtype, count=count, offset=at)
        at += found.nbytes
        return found.astype(np.int64)

    holes = column("<u4", present=bool(flags & _SPARSE))
    timestamps = cast("Ints", column("<i8", present=True))
    keys = column("<i4", present=not flags & _NO_KEYS)
    values = cast("Ints", column("<i4", present=True))
    headers = column("<i4", present=bool(flags & _HEADERS))
    cells = sum(int(np.maximum(each, 0).sum()) for each in (keys, values, headers) if each is not None)
    if at + cells != len(data):
        raise BatchDamaged("length differs")
    offsets = base_offset + (np.arange(count) if holes is None else holes)
    return Columns(offsets, timestamps, keys, values, headers, data, at)


def extent(blob: bytes) -> tuple[int, int, int, int]:
    """Count, last offset from the base, first and last timestamp, as in `Batch`. Raises BatchDamaged."""
    try:
        flags, count, data = _unpack(blob)
        last = int(np.frombuffer(data, "<u4", count)[-1]) if flags & _SPARSE else count - 1
        timestamps = np.frombuffer(data, "<i8", count, offset=4 * count if flags & _SPARSE else 0)
        return count, last, int(timestamps.min()), int(timestamps.max())
    except (struct.error, ValueError, IndexError, *PACKING_ERRORS) as error:
        raise BatchDamaged(str(error)) from error


def _unpack(blob: bytes) -> tuple[int, int, memoryview]:
    version, codec, flags, count = _HEAD.unpack_from(blob)
    (checksum,) = _CHECKSUM.unpack_from(blob, _HEAD.size)
    body = memoryview(blob)[_BODY_AT:]
    if zlib.crc32(body, zlib.crc32(blob[: _HEAD.size])) != checksum:
        raise BatchDamaged("checksum differs")
    if version != _VERSION or codec not in CODECS:
        raise BatchDamaged(f"unknown batch format {version}/{codec}")
    return flags, count, unpacked(codec, body)


def _lengths(column: Sequence[bytes | None]) -> Ints:
    try:
        return np.fromiter(map(len, cast("Sequence[bytes]", column)), np.int64, len(column))
    except TypeError:  # there is a null; `None in column` compares every cell, at three times the cost of its length
        return np.fromiter((-1 if cell is None else len(cell) for cell in column), np.int64, len(column))


def _joined(column: Sequence[bytes | None]) -> bytes:
    try:
        return b"".join(cast("Sequence[bytes]", column))
    except TypeError:  # there is a null
        return b"".join([cell for cell in column if cell is not None])


def _cells(
    data: memoryview, at: int, lengths: Ints | None, start: int, stop: int
) -> tuple[list[bytes | None] | None, int]:
    if lengths is None:
        return None, at
    ends = np.cumsum(np.maximum(lengths, 0))
    end = int(ends[-1]) if len(ends) else 0
    first = int(ends[start - 1]) if start else 0
    lasts = (ends[start:stop] - first).tolist()
    wanted = bytes(data[at + first : at + first + (lasts[-1] if lasts else 0)])
    cells: list[bytes | None] = [wanted[one:next_] for one, next_ in zip([0, *lasts[:-1]], lasts, strict=False)]
    for null in np.flatnonzero(lengths[start:stop] < 0).tolist():
        cells[null] = None
    return cells, at + end


def _encode_headers(headers: Headers) -> bytes:
    parts = []
    for name, value in headers:
        text = name.encode()
        parts += [_HEADER.pack(len(text), len(value)), text, value]
    return b"".join(parts)


def _decode_headers(data: bytes) -> Headers:
    headers, at = [], 0
    while at < len(data):
        name, value = _HEADER.unpack_from(data, at)
        at += _HEADER.size
        headers.append((data[at : at + name].decode(), data[at + name : at + name + value]))
        at += name + value
    return headers
