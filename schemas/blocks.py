r"""Blocks: frames as Arrow IPC streams, one schema per name (avro/blocks/<name>.avsc; event_<kind> from the kind's).

A block is a head and the stream behind it, which any Arrow reader takes, ClickHouse with FORMAT ArrowStream:

    magic b"Blk\x01"; crc32 of all behind it (4 bytes, little endian); length of the name (1); the name; the stream

The sum is there because nothing in Arrow tells a flipped bit in a text. Frames hold times as plain numbers, the stream
as timestamps: the bytes of the rows are the same, and only the schema in front of them is another one.

Blocks were Avro object containers before, and logs still hold some: they are read as they were.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path

import polars as pl

from suyuan.errors import SuyuanError
from suyuan.schemas.arrow_stream import BadStream, Stream, joined, read_stream
from suyuan.schemas.container import (
    MAGIC,
    BadContainer,
    Header,
    read_header,
    refuse_bomb,
    swap_schema,
)
from suyuan.schemas.fields import Avro, Field, mapped, record_fields
from suyuan.schemas.kinds import KINDS, event_schema

FOLDER = Path(__file__).with_name("avro") / "blocks"
NAMESPACE = "suyuan.block"
BLOCKS = (
    *("listing", "record", "lookup", "lineage", "seller_facts", "backlog", "chain", "chain_parties", "chain_whole"),
    *("finding", "alert_state", "dead_letter", "replay", "delivery", "note"),
    *("audit_record", "audit_entry", "audit_root", "audit_checkpoint"),
    *(f"event_{kind}" for kind in KINDS),
)
"""every block there is"""
FORMER_BLOCKS = {"chain": "chain_whole"}
"""what blocks of a former version hold that had the same name and said more: the tables still show it"""

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

_BLOCK_MAGIC = b"Blk\x01"
_HEAD = struct.Struct("<4sIB")
_SUMMED_FROM = 8
_MOMENT = pl.Datetime("ms", "UTC")
_LARGE_TEXTS = pl.CompatLevel.oldest()
"""views of texts hold the whole texts of the frame that a slice was cut from"""
_REFUSALS = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


class BlockError(SuyuanError, ValueError):
    """A frame that does not fit its block's schema, or bytes that are no block."""


@dataclass(frozen=True, slots=True)
class WrittenBlock:
    """A block, looked through and summed, its rows not read. `crc`: of all that it holds; `size`: in bytes."""

    name: str
    stream: Stream
    crc: int
    size: int

    @property
    def layout(self) -> bytes:
        """Only blocks of the same one can be joined."""
        return self.stream.schema

    @property
    def rows(self) -> int:
        """How many it has."""
        return self.stream.rows


def block_avro(name: str) -> Avro:
    """The schema of a block, without docs. Raises KeyError for no such block."""
    return _avro(name)


def block_schema(name: str) -> dict[str, pl.DataType]:
    """Column → dtype in the schema's order; times are Int64 ms UTC. Raises KeyError for no such block."""
    return dict(_dtypes(name))


def empty_block(name: str) -> pl.DataFrame:
    """A frame with all columns of the block and no rows."""
    return pl.DataFrame(schema=_dtypes(name))


def encode_block(name: str, rows: pl.DataFrame) -> bytes:
    """The block of the rows. Columns may come in any order; a missing one is null, one of nulls alone may be of any
    type. Raises BlockError for a column that is not in the schema or of another type.
    """
    fitted = _fit(name, rows)
    plain, timed = _schemas(name)
    head = bytes([len(name)]) + name.encode() + timed
    batches = _SUMMED_FROM + len(head)
    out = BytesIO()  # each byte is written once: a copy costs as much as polars' own work
    out.seek(batches - len(plain))
    fitted.rechunk().write_ipc_stream(out, compat_level=_LARGE_TEXTS)
    out.seek(_SUMMED_FROM)
    out.write(head)
    with out.getbuffer() as written:
        crc = zlib.crc32(written[_SUMMED_FROM:])
        written[:_SUMMED_FROM] = _BLOCK_MAGIC + crc.to_bytes(4, "little")
    return out.getvalue()


def decode_block(data: bytes, name: str | None = None) -> pl.DataFrame:
    """The rows of a block, with exactly the columns of the block's schema; those that the writer did not know are null.

    `name` None: the block says which it is. Raises BlockError.
    """
    if is_former(data):
        return _decode_former(data, name)
    written = read_block(data)
    if name not in (None, written.name):
        raise BlockError(f"not a readable block {name}: it is one of {written.name}")
    return read_rows(written.name, [written.stream])


def decode_blocks(parts: Sequence[bytes]) -> pl.DataFrame:
    """The rows of several blocks of one name, in order, however each was written. Raises BlockError."""
    if len(parts) == 1:
        return decode_block(parts[0])
    if not any(is_former(part) for part in parts):
        written = [read_block(part) for part in parts]
        if len({(each.name, each.stream.schema) for each in written}) == 1:
            return read_rows(written[0].name, [each.stream for each in written])
    frames = [decode_block(part) for part in parts]  # of different versions, after an upgrade
    try:
        return pl.concat(frames)
    except (ValueError, *_REFUSALS) as error:
        raise BlockError(f"blocks that do not go together: {error}") from error


def is_former(data: bytes) -> bool:
    """Whether it is a block as they were written before: an Avro object container."""
    return data[: len(MAGIC)] == MAGIC


def read_block(data: bytes) -> WrittenBlock:
    """What a block holds. Raises BlockError for a damaged one, and for a former one."""
    if len(data) < _HEAD.size or data[: len(_BLOCK_MAGIC)] != _BLOCK_MAGIC:
        raise BlockError("not a readable block: it does not begin as one")
    _, crc, length = _HEAD.unpack_from(data)
    if zlib.crc32(memoryview(data)[_SUMMED_FROM:]) != crc:
        raise BlockError("not a readable block: its bytes are not those that were written")
    begin = _HEAD.size + length
    name = data[_HEAD.size : begin].decode("ascii", "replace")
    if name not in BLOCKS:
        raise BlockError(f"no block is called {name!r}")
    try:
        return WrittenBlock(name, read_stream(data, begin), crc, len(data))
    except BadStream as error:
        raise BlockError(f"not a readable block {name}: {error}") from error


def read_rows(name: str, streams: Sequence[Stream]) -> pl.DataFrame:
    """The rows of streams of one schema, as a block of that name. Raises BlockError."""
    plain, timed = _schemas(name)
    try:
        rows = pl.read_ipc_stream(BytesIO(joined(streams, plain if streams[0].schema == timed else None)))
    except (ValueError, *_REFUSALS) as error:
        raise BlockError(f"not a readable block {name}: {error}") from error
    return _known(name, rows.rechunk())


def block_name(avro: Avro) -> str:
    """The name of the block that a container's schema is of. Raises BlockError."""
    name = str(avro.get("name", "")).removeprefix(f"{NAMESPACE}.")
    if name not in BLOCKS:
        raise BlockError(f"no block is called {name!r}")
    return name


def _decode_former(data: bytes, name: str | None) -> pl.DataFrame:
    """Polars knows no timestamps, dates or record names in Avro: it reads the rows under a plain schema."""
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
    return _known(name, rows)


def _known(name: str, rows: pl.DataFrame) -> pl.DataFrame:
    unknown = [column for column in rows.columns if column not in _dtypes(name)]
    return _fit(name, rows.drop(unknown) if unknown else rows)


def _fit(name: str, rows: pl.DataFrame) -> pl.DataFrame:
    dtypes = _dtypes(name)
    unknown = [column for column in rows.columns if column not in dtypes]
    if unknown:
        raise BlockError(f"block {name} has no column {', '.join(unknown)}")
    if rows.columns == dtypes.names() and rows.dtypes == dtypes.dtypes():
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
    return given in (pl.Null, wanted) or (wanted == pl.Int64 and given == _MOMENT)


@cache
def _dtypes(name: str) -> pl.Schema:
    return pl.Schema({field.name: field.dtype for field in record_fields(_avro(name))})


@cache
def _schemas(name: str) -> tuple[bytes, bytes]:
    """The schema message of a stream with times as numbers, and with timestamps: they lie in the same bytes."""
    timed = pl.Schema({field.name: _timed(field) for field in record_fields(_avro(name))})
    return _schema_message(_dtypes(name)), _schema_message(timed)


def _schema_message(dtypes: pl.Schema) -> bytes:
    out = BytesIO()
    pl.DataFrame(schema=dtypes).write_ipc_stream(out, compat_level=_LARGE_TEXTS)
    return read_stream(out.getvalue()).schema


def _timed(field: Field) -> pl.DataType:
    if field.items is not None:
        return pl.List(_timed(field.items))
    if field.type == "record":
        return pl.Struct({each.name: _timed(each) for each in field.fields})
    return _MOMENT if field.type == "timestamp-millis" else field.dtype


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
