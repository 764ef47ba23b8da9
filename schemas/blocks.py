"""Blocks: frames as Avro object containers, one schema per name (avro/blocks/<name>.avsc; event_<kind> from
the kind's).

Every field is a union of null and its type, items of arrays too. Polars writes the rows from plain numbers
and texts, and the container's header is then replaced by one with our schema of the same layout (names,
dates, timestamps), which polars cannot write itself. Any Avro reader takes the result; ClickHouse does with
FORMAT Avro.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Literal

import polars as pl

from suyuan.errors import SuyuanError
from suyuan.schemas.container import (
    BadContainer,
    Header,
    join_containers,
    make_header,
    read_header,
    refuse_bomb,
    swap_schema,
)
from suyuan.schemas.fields import Avro, mapped, record_fields
from suyuan.schemas.kinds import KINDS, event_schema

Codec = Literal["null", "snappy", "deflate"]

FOLDER = Path(__file__).with_name("avro") / "blocks"
NAMESPACE = "suyuan.block"
BLOCKS = (
    *("listing", "record", "lookup", "lineage", "backlog", "chain", "alert", "dead_letter", "replay", "delivery"),
    *(f"event_{kind}" for kind in KINDS),
)
"""every block there is"""

_PROVENANCE: dict[str, object] = {
    "outcome": "string",
    "digest": "string",
    "tie": "long",
    "source_partition": "long",
    "source_offset": "long",
    "received_at": {"type": "long", "logicalType": "timestamp-millis"},
}
"""what an event_<kind> block tells beside the event: accepted or duplicate, the digest of its content, what decides
where only contents differ (streams/stages/current.py), its place in in.<kind>, and since when
"""

_WRITTEN_AS: dict[Codec, Literal["uncompressed", "snappy", "deflate"]] = {
    "null": "uncompressed",
    "snappy": "snappy",
    "deflate": "deflate",
}
_REFUSALS = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


class BlockError(SuyuanError, ValueError):
    """A frame that does not fit its block's schema, or bytes that are no block."""


def block_avro(name: str) -> Avro:
    """The schema of a block as its containers have it: without docs. Raises KeyError for no such block."""
    return _avro(name)


def block_schema(name: str) -> dict[str, pl.DataType]:
    """Column → dtype in the schema's order; times are Int64 ms UTC. Raises KeyError for no such block."""
    return dict(_dtypes(name))


def empty_block(name: str) -> pl.DataFrame:
    """A frame with all columns of the block and no rows."""
    return pl.DataFrame(schema=_dtypes(name))


def encode_block(name: str, rows: pl.DataFrame, codec: Codec = "null") -> bytes:
    """The Avro container of the rows. Columns may come in any order; a missing one is null, one of nulls alone may be
    of any type. Raises BlockError for a column that is not in the schema or of another type.
    """
    fitted = _fit(name, rows)
    if fitted.is_empty():  # polars cannot read back a compressed block of no rows
        return make_header(_text(name), codec, bytes(range(16)))
    out = BytesIO()
    days = fitted.with_columns(pl.col(pl.Date).cast(pl.Int32))
    days.rechunk().write_avro(out, _WRITTEN_AS[codec], name=name)
    return swap_schema(out.getvalue(), _text(name))


def decode_block(data: bytes, name: str | None = None) -> pl.DataFrame:
    """The rows of a container, with exactly the columns of the block's schema; those that the writer did not know are
    null.

    `name` None: the container says which block it is. Raises BlockError.
    """
    try:
        header = read_header(data)
        name = name if name is not None else block_name(header.schema)
        refuse_bomb(data, header)
        plain = _plain(header.metadata["avro.schema"])
        rows = pl.read_avro(BytesIO(swap_schema(data, plain))) if len(data) > header.size else empty_block(name)
    except BlockError:
        raise
    except (BadContainer, KeyError, TypeError, AttributeError, ValueError, RecursionError, *_REFUSALS) as error:
        raise BlockError(f"not a readable block{f' {name}' if name else ''}: {error}") from error
    unknown = [column for column in rows.columns if column not in _dtypes(name)]
    return _fit(name, rows.drop(unknown) if unknown else rows)


def join_blocks(parts: Sequence[bytes]) -> bytes:
    """One container with the rows of all, in order, without encoding them again. Raises BlockError for none, for
    damaged ones, and for different schemas or codecs.
    """
    if not parts:
        raise BlockError("nothing to join")
    try:
        return join_containers(parts)
    except BadContainer as error:
        raise BlockError(str(error)) from error


def block_name(avro: Avro) -> str:
    """The name of the block that a container's schema is of. Raises BlockError."""
    name = str(avro.get("name", "")).removeprefix(f"{NAMESPACE}.")
    if name not in BLOCKS:
        raise BlockError(f"no block is called {name!r}")
    return name


def _fit(name: str, rows: pl.DataFrame) -> pl.DataFrame:
    dtypes = _dtypes(name)
    unknown = [column for column in rows.columns if column not in dtypes]
    if unknown:
        raise BlockError(f"block {name} has no column {', '.join(unknown)}")
    if rows.schema == dtypes:
        return rows
    columns = []
    for column, dtype in dtypes.items():
        given = rows.schema.get(column)
        if given is None:
            columns.append(pl.lit(None, dtype).alias(column))
        elif given == dtype:
            columns.append(pl.col(column))
        elif _fits(given, dtype):
            columns.append(pl.col(column).cast(dtype))
        else:
            raise BlockError(f"block {name}, column {column}: {given}, not {dtype}")
    return rows.select(columns)


def _fits(given: object, wanted: object) -> bool:
    """Equal, save for parts of which only nulls or empty lists were seen (polars infers Null for them)."""
    if isinstance(given, pl.List) and isinstance(wanted, pl.List):
        return _fits(given.inner, wanted.inner)
    if isinstance(given, pl.Struct) and isinstance(wanted, pl.Struct):
        pairs = zip(given.fields, wanted.fields, strict=False)
        same = len(given.fields) == len(wanted.fields)
        return same and all(one.name == other.name and _fits(one.dtype, other.dtype) for one, other in pairs)
    return given in (pl.Null, wanted)


@cache
def _dtypes(name: str) -> pl.Schema:
    return pl.Schema({field.name: field.dtype for field in record_fields(_avro(name))})


@cache
def _text(name: str) -> str:
    return json.dumps(_avro(name), separators=(",", ":"))


@cache
def _avro(name: str) -> Avro:
    if name not in BLOCKS:
        raise KeyError(name)
    if not name.startswith("event_"):
        schema: Avro = mapped(json.loads((FOLDER / f"{name}.avsc").read_bytes()), lambda leaf: leaf)
        return schema
    event = event_schema(name.removeprefix("event_")).avro
    fields = [(field["name"], mapped(field["type"], _stored)) for field in event["fields"]]
    fields += _PROVENANCE.items()
    return {
        "type": "record",
        "name": name,
        "namespace": NAMESPACE,
        "fields": [{"name": field, "type": _nullable(avro)} for field, avro in fields],
    }


def _stored(avro: object) -> object:
    """Enums as their symbols, so that a block can be read without them."""
    if isinstance(avro, dict) and (avro["type"] == "enum" or "values" in avro):
        return "string" if avro["type"] == "enum" else avro["type"]
    return avro


def _nullable(avro: object) -> object:
    if isinstance(avro, list):
        return _nullable(avro[1])
    if isinstance(avro, dict) and avro["type"] == "array":
        return ["null", {"type": "array", "items": _nullable(avro["items"])}]
    if isinstance(avro, dict) and avro["type"] == "record":
        fields = [{"name": field["name"], "type": _nullable(field["type"])} for field in avro["fields"]]
        return ["null", {**avro, "fields": fields}]
    return ["null", avro]


@lru_cache(128)
def _plain(written: bytes) -> str:
    """A writer's schema as polars is to read it. Raises BadContainer."""
    return json.dumps(mapped(Header({"avro.schema": written}, b"", 0).schema, _without_timestamps))


def _without_timestamps(avro: object) -> object:
    return "long" if isinstance(avro, dict) and avro.get("logicalType") == "timestamp-millis" else avro
