"""Arrow IPC streams as bytes: the messages of one found and bounded, several joined into one, without touching rows.

A stream is a schema message, record batches, and a mark of its end. A message is 0xFFFFFFFF, the size of its head, the
head (a flatbuffer) and a body as long as the head says; a batch's head says where in the body its buffers lie (Arrow
columnar format 1.5, Serialization and Interprocess Communication).

Readers of Arrow believe what a head says. So what none of our writers makes is refused before one of them sees it:
packed buffers (some KB are packed gigabytes), dictionaries, views, buffers beyond their body, more rows than the bytes
could hold, schemas nested deeply.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from suyuan.errors import SuyuanError

END = b"\xff\xff\xff\xff\x00\x00\x00\x00"
MAX_FIELDS = 1000
MAX_DEPTH = 8

_MESSAGE_HEAD = struct.Struct("<II")
_SCHEMA, _RECORD_BATCH = 1, 3
_CONTINUATION = 0xFFFFFFFF


class BadStream(SuyuanError, ValueError):
    """The bytes are not a whole Arrow IPC stream, or none that we would write."""


@dataclass(frozen=True, slots=True)
class Stream:
    """An Arrow IPC stream that was looked through. `schema`: its first message; `batches`: the record batches, end to
    end; `rows`: how many they have.
    """

    schema: bytes
    batches: memoryview
    rows: int


def read_stream(data: bytes, at: int = 0) -> Stream:
    """The stream from there to the end of the data. Raises BadStream."""
    try:
        schema_end, kind, _, body = _message(data, at)
        if kind != _SCHEMA or body != schema_end:
            raise BadStream("does not begin with an Arrow schema")
        schema = data[at:schema_end]
        columns = check_schema(schema)
        rows, end = 0, schema_end
        while data[end : end + len(END)] != END:
            start = end
            end, kind, table, body = _message(data, start)
            if kind != _RECORD_BATCH:
                raise BadStream("holds something other than record batches")
            rows += _batch_rows(data, table, end - body, columns)
        if end + len(END) != len(data):
            raise BadStream("goes on behind its end")
        return Stream(schema, memoryview(data)[schema_end:end], rows)
    except (struct.error, IndexError) as error:
        raise BadStream(f"ends within a message: {error}") from None


def joined(streams: Sequence[Stream], schema: bytes | None = None) -> bytes:
    """One stream with the rows of all, in order. `schema`: a message to put in front of them instead of theirs, of the
    same layout. Raises BadStream for none, and for different schemas.
    """
    if not streams:
        raise BadStream("nothing to join")
    if any(stream.schema != streams[0].schema for stream in streams):
        raise BadStream("streams of different schemas cannot be joined")
    return b"".join([schema or streams[0].schema, *(stream.batches for stream in streams), END])


@lru_cache(128)
def check_schema(message: bytes) -> int:
    """The number of columns of a schema message. Raises BadStream where it has too many fields or nests too deeply."""
    _, _, table, _ = _message(message, 0)
    columns = [(field, 1) for field in _tables(message, table, 1)]
    waiting, seen = list(columns), 0
    while waiting:
        field, depth = waiting.pop()
        seen += 1
        if seen > MAX_FIELDS or depth > MAX_DEPTH:
            raise BadStream("a schema of too many fields, or nested too deeply")
        if _field(message, field, 4):
            raise BadStream("a dictionary")
        waiting += [(child, depth + 1) for child in _tables(message, field, 5)]
    return len(columns)


def _message(data: bytes, at: int) -> tuple[int, int, int, int]:
    """(where the message ends, kind, where the kind's table is, where its body begins)."""
    mark, size = _MESSAGE_HEAD.unpack_from(data, at)
    start = at + _MESSAGE_HEAD.size
    body = start + size
    if mark != _CONTINUATION or body > len(data):
        raise BadStream("a message that does not fit")
    root = start + _u32(data, start)
    kind, header, length = _field(data, root, 1), _field(data, root, 2), _field(data, root, 3)
    if not kind or not header:
        raise BadStream("a message of no kind")
    end = body + (_i64(data, length) if length else 0)
    if not body <= end <= len(data):
        raise BadStream("a message whose body does not fit")
    return end, data[kind], header + _u32(data, header), body


def _batch_rows(data: bytes, table: int, size: int, columns: int) -> int:
    """The rows of a record batch whose body has so many bytes. Every column of ours takes a bit a row or more, and one
    of them eight bytes: texts, lists and numbers do.
    """
    if _field(data, table, 3) or _field(data, table, 4):
        raise BadStream("packed buffers, or views")
    length = _field(data, table, 0)
    rows = _i64(data, length) if length else 0
    if not 0 <= rows * 8 <= max(size, 0) or (rows and not columns):
        raise BadStream("more rows than bytes")
    for count, nulls in _pairs(data, table, 1):
        if not 0 <= nulls <= count <= size * 8:
            raise BadStream("more values than bits")
    for start, buffer in _pairs(data, table, 2):
        if start < 0 or buffer < 0 or start + buffer > size:
            raise BadStream("a buffer outside of its body")
    return rows


def _field(data: bytes, table: int, number: int) -> int:
    """Where a field of a flatbuffer's table is; 0 where it is left out."""
    vtable = table - _I32.unpack_from(data, table)[0]
    if vtable < 0:
        raise BadStream("a table before the beginning")
    (vtable_size,) = _U16.unpack_from(data, vtable)
    if 4 + 2 * number >= vtable_size:
        return 0
    (offset,) = _U16.unpack_from(data, vtable + 4 + 2 * number)
    return table + offset if offset else 0


def _vector(data: bytes, table: int, number: int, item: int) -> tuple[int, int]:
    """(where the items of a vector begin, how many there are)."""
    at = _field(data, table, number)
    if not at:
        return 0, 0
    start = at + _u32(data, at)
    count = _u32(data, start)
    if start + 4 + count * item > len(data):
        raise BadStream("a vector that does not fit")
    return start + 4, count


def _tables(data: bytes, table: int, number: int) -> list[int]:
    start, count = _vector(data, table, number, 4)
    if count > MAX_FIELDS:
        raise BadStream("a schema of too many fields")
    return [at + _u32(data, at) for at in range(start, start + 4 * count, 4)]


def _pairs(data: bytes, table: int, number: int) -> Iterator[tuple[int, int]]:
    start, count = _vector(data, table, number, _PAIR.size)
    return _PAIR.iter_unpack(data[start : start + count * _PAIR.size])


def _u32(data: bytes, at: int) -> int:
    number: int = _U32.unpack_from(data, at)[0]
    return number


def _i64(data: bytes, at: int) -> int:
    number: int = _I64.unpack_from(data, at)[0]
    return number


_U16, _U32, _I32, _I64 = (struct.Struct(f"<{code}") for code in "HIiq")
_PAIR = struct.Struct("<qq")
