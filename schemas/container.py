"""Avro object containers as bytes: their headers read, made and swapped, several joined into one, without
touching rows.

A container is a header (magic, metadata map with schema and codec, a sync marker of 16 bytes) and blocks,
each of which is: count of rows, size in bytes, the rows, the sync marker (Avro specification 1.12, Object
Container Files).
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from suyuan.errors import SuyuanError
from suyuan.schemas.fields import Avro

MAGIC = b"Obj\x01"
SYNC_BYTES = 16
UNPACKED_LIMIT = 256 << 20
"""bytes that the rows of a packed container may be: some KB can be packed gigabytes"""
_PIECE = 1 << 20


class BadContainer(SuyuanError, ValueError):
    """The bytes are not a whole Avro object container."""


@dataclass(frozen=True, slots=True)
class Header:
    """`metadata`: avro.schema, avro.codec and others, raw. `size`: of the header, in bytes."""

    metadata: dict[str, bytes]
    sync: bytes
    size: int

    @property
    def schema(self) -> Avro:
        """The writer's schema. Raises BadContainer."""
        try:
            schema = json.loads(self.metadata["avro.schema"])
        except (ValueError, RecursionError) as error:
            raise BadContainer(f"its schema is not readable: {_reason(error)}") from None
        if not isinstance(schema, dict):
            raise BadContainer("its schema is no record")
        return cast("Avro", schema)


def encode_long(number: int) -> bytes:
    """A zigzag varint."""
    rest = (number << 1) ^ (number >> 63)
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


def read_long(data: bytes, at: int) -> tuple[int, int]:
    """(number, position after it). Raises BadContainer."""
    raw = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise BadContainer("ends within a number")
        byte = data[at]
        at += 1
        raw |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (raw >> 1) ^ -(raw & 1), at
    raise BadContainer("a number of more than 64 bits")


def make_header(schema: str, codec: str, sync: bytes) -> bytes:
    """The header of a container of that schema (JSON text) and codec (null, snappy, deflate)."""
    entries = (_text(b"avro.schema"), _text(schema.encode()), _text(b"avro.codec"), _text(codec.encode()))
    return b"".join([MAGIC, encode_long(2), *entries, encode_long(0), sync])


def read_header(data: bytes) -> Header:
    """The header that `data` begins with. Raises BadContainer."""
    if data[: len(MAGIC)] != MAGIC:
        raise BadContainer("does not begin with the magic of an Avro object container")
    metadata: dict[str, bytes] = {}
    count, at = read_long(data, len(MAGIC))
    while count:
        if count < 0:
            _, at = read_long(data, at)
        for _ in range(abs(count)):
            key, at = _piece(data, at)
            metadata[key.decode("utf-8", "replace")], at = _piece(data, at)
        count, at = read_long(data, at)
    sync = data[at : at + SYNC_BYTES]
    if len(sync) < SYNC_BYTES or "avro.schema" not in metadata:
        raise BadContainer("ends within its header")
    return Header(metadata, sync, at + SYNC_BYTES)


def swap_schema(data: bytes, schema: str) -> bytes:
    """The same rows under another schema of the same layout."""
    header = read_header(data)
    codec = header.metadata.get("avro.codec", b"null").decode()
    return make_header(schema, codec, header.sync) + data[header.size :]


def single_block(schema: str, bodies: Sequence[bytes], count: int | None = None) -> bytes:
    """The container of encoded rows; `count`: how many, unless each item is one."""
    sync = bytes(range(SYNC_BYTES))
    size = sum(map(len, bodies))
    block = [encode_long(len(bodies) if count is None else count), encode_long(size), *bodies, sync] if bodies else []
    return b"".join([make_header(schema, "null", sync), *block])


def join_containers(parts: Sequence[bytes]) -> bytes:
    """One container with the blocks of all, in order: only sync markers are rewritten. Raises BadContainer
    when a part is damaged, or of another schema or codec than the first.
    """
    first = read_header(parts[0])
    out = [parts[0][: first.size]]
    for part in parts:
        header = read_header(part)
        if _contract(header) != _contract(first):
            raise BadContainer("containers of different schemas or codecs cannot be joined")
        for start, end in _blocks(part, header):
            out += [part[start:end], first.sync]
    return b"".join(out)


def container_rows(data: bytes) -> int:
    """How many rows a container has, by its block headers. Raises BadContainer."""
    header = read_header(data)
    at, rows = header.size, 0
    while at < len(data):
        count, at = read_long(data, at)
        size, at = read_long(data, at)
        rows += count
        at += size + len(header.sync)
    return rows


def encoded_rows(data: bytes) -> bytes:
    """The rows of an uncompressed container, end to end, without headers, counts and sync markers."""
    header = read_header(data)
    parts = []
    for start, end in _blocks(data, header):
        _, at = read_long(data, start)
        _, at = read_long(data, at)
        parts.append(data[at:end])
    return b"".join(parts)


def refuse_bomb(data: bytes, header: Header, limit: int = UNPACKED_LIMIT) -> None:
    """Raises BadContainer where the blocks together would be more than so many bytes once they are unpacked. What is
    not packed is as large as it is.
    """
    codec = header.metadata.get("avro.codec", b"null")
    if codec not in (b"deflate", b"snappy"):
        return
    size = 0
    for start, end in _blocks(data, header):
        _, at = read_long(data, start)
        _, at = read_long(data, at)
        size += _inflated(data[at:end], limit - size) if codec == b"deflate" else _snappy_size(data, at)
        if size > limit:
            raise BadContainer(f"unpacks to more than {limit:,} bytes")


def _inflated(packed: bytes, most: int) -> int:
    """How many bytes it is unpacked, or some number above `most`."""
    size, stream = 0, zlib.decompressobj(-15)
    try:
        while packed and size <= most and not stream.eof:
            size += len(stream.decompress(packed, _PIECE))
            packed = stream.unconsumed_tail
    except zlib.error as error:
        raise BadContainer(f"a block is not deflate: {error}") from error
    return size


def _snappy_size(data: bytes, at: int) -> int:
    """What a block says: it cannot be more."""
    signed, _ = read_long(data, at)
    return signed << 1 if signed >= 0 else (-signed << 1) - 1


def _contract(header: Header) -> tuple[bytes, bytes]:
    return header.metadata["avro.schema"], header.metadata.get("avro.codec", b"null")


def _blocks(data: bytes, header: Header) -> Iterator[tuple[int, int]]:
    """(start, end) of each block without its sync marker; blocks of no rows left out."""
    at = header.size
    while at < len(data):
        start = at
        count, at = read_long(data, at)
        size, at = read_long(data, at)
        end = at + size
        if size < 0 or data[end : end + SYNC_BYTES] != header.sync:
            raise BadContainer("a block does not end at its sync marker")
        at = end + SYNC_BYTES
        if count:
            yield start, end


def _reason(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def _text(data: bytes) -> bytes:
    return encode_long(len(data)) + data


def _piece(data: bytes, at: int) -> tuple[bytes, int]:
    size, at = read_long(data, at)
    if not 0 <= size <= len(data) - at:
        raise BadContainer("ends within its header")
    return data[at : at + size], at + size
