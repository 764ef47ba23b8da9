"""A run of single-event messages decoded by column, each event proven to lie within its own message.

1. Messages whose frame says the kind's current schema give their bodies.
2. `boundaries.proven` shows for each body that it is one event, canonically encoded, and nothing else: the
   proof that concatenated bodies cannot shift one another is there.
3. Every other message is read alone by `decode_event`: it becomes a Failure, or the canonical body of its
   event.
4. All bodies, end to end, are one block of an Avro container, read by polars. What the proof leaves open,
   text that is not UTF-8, makes polars refuse the block: it is halved until the culprit is alone.
5. Limits of values are checked by column.

So a message in a run can become a failure only by its own bytes, and no byte of it reaches a neighbour's row.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO

import numpy as np
import polars as pl

from suyuan.schemas.boundaries import Walk, proven, walk_of
from suyuan.schemas.container import single_block
from suyuan.schemas.events import decode_event, encode_body
from suyuan.schemas.fields import mapped
from suyuan.schemas.framing import HEADER_BYTES, MAX_EVENT_BYTES, UnreadableEvent, frame_header
from suyuan.schemas.kinds import EventSchema, event_schema
from suyuan.schemas.limits import limit_checks
from suyuan.schemas.registered import ids_of_current

MAX_BLOCK_BYTES = 64 << 20
"""bytes of bodies decoded at once, so that a run of huge events is not held three times over"""

_REFUSALS = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


@dataclass(frozen=True, slots=True)
class Failure:
    """A message that is no event of the kind. `index`: its place in the run; `field`: the one at fault, if
    known.
    """

    index: int
    reason: str
    field: str | None = None


@dataclass(frozen=True, slots=True)
class DecodedRun:
    """`rows`: UInt32 `index` (place in the run, ascending) and a column per field, dates pl.Date,
    `occurred_at` Int64 ms, enums String, arrays List. `failures`: every other message, ascending.
    """

    rows: pl.DataFrame
    failures: list[Failure]


def decode_run(kind: str, values: Sequence[bytes | None]) -> DecodedRun:
    """Decode a run of messages of one kind; never raises for what a message holds. KeyError for an unknown
    kind.
    """
    schema = event_schema(kind)
    headers = tuple(frame_header(number) for number in ids_of_current(kind))
    failures: list[Failure] = []
    bodies = [
        value[HEADER_BYTES:]
        if value is not None and value.startswith(headers) and len(value) <= MAX_EVENT_BYTES
        else b""
        for value in values
    ]
    # no kind has an empty encoding, so an empty body is never proven
    good = proven(_walk(kind), bodies)
    for index in np.flatnonzero(~good).tolist():
        try:
            bodies[index] = _canonical_body(schema, values[index])
            good[index] = True
        except UnreadableEvent as error:
            failures.append(Failure(index, error.reason, error.field))
    frames = list(_frames(schema, np.flatnonzero(good), bodies, values, failures)) or [_empty(kind)]
    rows = _within_limits(schema, pl.concat(frames) if len(frames) > 1 else frames[0], failures)
    return DecodedRun(rows, sorted(failures, key=lambda failure: failure.index))


def _canonical_body(schema: EventSchema, value: bytes | None) -> bytes:
    if value is None:
        raise UnreadableEvent("null value")
    kind, event = decode_event(value, schema.kind)
    if kind != schema.kind:
        raise UnreadableEvent(f"a {kind} event among {schema.kind} events")
    return encode_body(schema, event)


def _frames(
    schema: EventSchema,
    indices: np.ndarray[tuple[int], np.dtype[np.int64]],
    bodies: list[bytes],
    values: Sequence[bytes | None],
    failures: list[Failure],
) -> Iterator[pl.DataFrame]:
    """Frames of the bodies at the indices, in order; what polars refuses by itself goes to the failures."""
    if not len(indices):
        return
    chosen = bodies if len(indices) == len(bodies) else [bodies[index] for index in indices.tolist()]
    if len(chosen) == 1 or sum(map(len, chosen)) <= MAX_BLOCK_BYTES:
        try:
            yield _read(schema, chosen).insert_column(0, pl.Series("index", indices.astype(np.uint32)))
        except _REFUSALS as error:
            if len(chosen) == 1:
                failures.append(_refused(schema.kind, int(indices[0]), values[indices[0]], error))
                return
        else:
            return
    middle = len(indices) // 2
    yield from _frames(schema, indices[:middle], bodies, values, failures)
    yield from _frames(schema, indices[middle:], bodies, values, failures)


def _refused(kind: str, index: int, value: bytes | None, error: BaseException) -> Failure:
    try:
        decode_event(value or b"", kind)
    except UnreadableEvent as reason:
        return Failure(index, reason.reason, reason.field)
    return Failure(index, f"not decodable: {error}")


def _read(schema: EventSchema, bodies: list[bytes]) -> pl.DataFrame:
    rows = pl.read_avro(BytesIO(single_block(_block_schema(schema.kind), bodies)))
    if rows.height != len(bodies):
        raise pl.exceptions.ComputeError(f"{rows.height} rows of {len(bodies)} events")
    return rows.with_columns(_symbols(schema.kind))


def _within_limits(schema: EventSchema, rows: pl.DataFrame, failures: list[Failure]) -> pl.DataFrame:
    checks = limit_checks(schema.fields)
    if not checks:
        return rows
    broken = rows.select(check.fill_null(value=False).alias(str(i)) for i, (_, _, check) in enumerate(checks))
    if not any(column.any() for column in broken):
        return rows
    first = pl.coalesce(pl.when(str(i)).then(pl.lit(i)) for i in range(len(checks))).alias("broken")
    found = rows.select("index").with_columns(broken.select(first)).drop_nulls()
    failures += [Failure(index, checks[i][1], checks[i][0]) for index, i in found.iter_rows()]
    return rows.filter(~broken.select(pl.any_horizontal(pl.all())).to_series())


@cache
def _symbols(kind: str) -> list[pl.Expr]:
    """The enums of a kind as texts, from their indices."""
    return [
        pl.lit(pl.Series(field.values, dtype=pl.String)).gather(field.name).alias(field.name)
        for field in event_schema(kind).fields
        if field.type == "enum"
    ]


@cache
def _walk(kind: str) -> Walk:
    return walk_of(event_schema(kind).fields)


@cache
def _empty(kind: str) -> pl.DataFrame:
    fields = event_schema(kind).fields
    return pl.DataFrame(schema={"index": pl.UInt32(), **{field.name: field.dtype for field in fields}})


@cache
def _block_schema(kind: str) -> str:
    """The schema for polars: enums as their indices, times as plain numbers; dates stay dates."""
    return json.dumps(mapped(event_schema(kind).avro, _read_as))


def _read_as(avro: object) -> object:
    if isinstance(avro, dict):
        if avro["type"] == "enum":
            return "int"
        return avro if avro.get("logicalType") == "date" else avro["type"]
    return avro
