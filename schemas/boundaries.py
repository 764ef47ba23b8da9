"""Proof that each event of a run begins and ends at its own message's boundary: all events walked at once, by
column.

The bodies lie end to end in one buffer. A cursor per event stands at its first byte; field by field, in the
schema's order, every cursor is moved over the field's encoding, which must lie within the event. An event is
proven when its cursor ends exactly at the event's end, and every piece passed on the way was in the one
canonical form: varints minimal and within 64 bits (32 for dates), union branches and enum indices in range,
booleans 0 or 1, lengths not negative, arrays in a single block with its end mark.

Why that is a proof: Avro encodings carry no padding and no alternatives besides those named, so a canonical
sequence of fields is read in one way only. Induction over the events: if a decoder stands at the first byte
of a proven event, it reads exactly the fields walked here and stands after them at the first byte of the next
one. With every event of a block proven, no event can take bytes of a neighbour or leave bytes to it. Nothing
is read or reserved on the word of a length before it was compared with the event's end, so hostile lengths
cost nothing.

An event not proven is not thereby bad (arrays may come in several blocks): who reads it, reads it alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from suyuan.schemas.fields import Field

Longs = NDArray[np.int64]
Mask = NDArray[np.bool_]
Walk = Callable[[NDArray[np.uint8], Longs, Longs], tuple[Longs, Mask]]
"""(buffer, cursors, ends) → (cursors after the field, which of them are good); where a bad one is means nothing: it may
be beyond its end, and who walks on brings it back
"""

PADDING = 32
"""zero bytes needed after the last event, so that a cursor at the end may look ahead"""
MAX_ITEMS = 64
"""items of an array up to which an event is proven here: each takes a step of its own over all events"""

_INT32 = (-(1 << 31), (1 << 31) - 1)


def walk_of(fields: tuple[Field, ...]) -> Walk:
    """The walk over a record's fields."""
    steps = [_step(field) for field in fields]

    def walk(buffer: NDArray[np.uint8], at: Longs, ends: Longs) -> tuple[Longs, Mask]:
        good = np.ones(len(at), dtype=np.bool_)
        cursor = at
        for step in steps:
            cursor, passed = step(buffer, cursor, ends)
            passed &= cursor <= ends
            if not passed.all():
                good &= passed
                cursor = np.minimum(cursor, ends)
        return cursor, good

    return walk


def proven(walk: Walk, bodies: list[bytes]) -> Mask:
    """Which of the bodies are proven to be one event each."""
    buffer = np.frombuffer(b"".join([*bodies, bytes(PADDING)]), dtype=np.uint8)
    lengths = np.fromiter(map(len, bodies), dtype=np.int64, count=len(bodies))
    ends = np.cumsum(lengths)
    cursors, good = walk(buffer, ends - lengths, ends)
    good &= cursors == ends
    return good


def _step(field: Field) -> Walk:
    if field.items is not None:
        step = _array(_step(field.items))
    elif field.type == "record":
        step = walk_of(field.fields)
    elif field.type == "boolean":
        step = _boolean
    elif field.type in ("string", "bytes"):
        step = _text
    elif field.type == "enum":
        step = _number(0, len(field.values) - 1)
    elif field.type == "date":
        step = _number(*_INT32)
    else:
        step = _long
    return _optional(step) if field.optional else step


def _varint(buffer: NDArray[np.uint8], at: Longs) -> tuple[Longs, Longs, Mask]:
    """(values, cursors after, minimal and within 64 bits) of zigzag varints."""
    first = buffer[at]
    raw = (first & 0x7F).astype(np.uint64)
    after = at + 1
    good = np.ones(len(at), dtype=np.bool_)
    rows = np.flatnonzero(first & 0x80)
    shift = 7
    while len(rows):
        byte = buffer[after[rows]]
        raw[rows] |= (byte & 0x7F).astype(np.uint64) << np.uint64(shift)
        after[rows] += 1
        last = byte < 0x80
        good[rows[last & (byte == 0)]] = False
        shift += 7
        if shift == 70:
            good[rows[byte > 1]] = False
            break
        rows = rows[~last]
    values = (raw >> np.uint64(1)).astype(np.int64) ^ -(raw & np.uint64(1)).astype(np.int64)
    return values, after, good


def _long(buffer: NDArray[np.uint8], at: Longs, ends: Longs) -> tuple[Longs, Mask]:  # noqa: ARG001
    _, after, good = _varint(buffer, at)
    return after, good


def _number(low: int, high: int) -> Walk:
    def step(buffer: NDArray[np.uint8], at: Longs, ends: Longs) -> tuple[Longs, Mask]:  # noqa: ARG001
        values, after, good = _varint(buffer, at)
        return after, good & (values >= low) & (values <= high)

    return step


def _text(buffer: NDArray[np.uint8], at: Longs, ends: Longs) -> tuple[Longs, Mask]:
    first = buffer[at]
    if not (first & 0x81).any():  # no length is negative, or takes more than one byte
        after = at + 1 + (first >> 1)
        return after, after <= ends
    length, after, good = _varint(buffer, at)
    good &= (length >= 0) & (length <= ends - after)
    return np.where(good, after + length, at), good


def _boolean(buffer: NDArray[np.uint8], at: Longs, ends: Longs) -> tuple[Longs, Mask]:  # noqa: ARG001
    return at + 1, buffer[at] <= 1


def _optional(inner: Walk) -> Walk:
    def step(buffer: NDArray[np.uint8], at: Longs, ends: Longs) -> tuple[Longs, Mask]:
        branch = buffer[at]
        if (branch == 2).all():
            return inner(buffer, at + 1, ends)
        absent = branch == 0
        if absent.all():
            return at + 1, absent
        after, good = inner(buffer, np.minimum(at + 1, ends), ends)
        return np.where(absent, at + 1, after), absent | (good & (branch == 2))

    return step


def _array(item: Walk) -> Walk:
    def step(buffer: NDArray[np.uint8], at: Longs, ends: Longs) -> tuple[Longs, Mask]:
        count, cursor, good = _varint(buffer, at)
        good &= (count >= 0) & (count <= MAX_ITEMS) & (cursor <= ends)
        filled = rows = np.flatnonzero(good & (count > 0))
        done = 0
        while len(rows):
            after, passed = item(buffer, cursor[rows], ends[rows])
            passed &= after <= ends[rows]
            cursor[rows] = np.where(passed, after, cursor[rows])
            good[rows[~passed]] = False
            done += 1
            rows = rows[passed & (count[rows] > done)]
        good[filled] &= buffer[cursor[filled]] == 0
        cursor[filled] += 1
        return np.where(good, cursor, at), good

    return step
