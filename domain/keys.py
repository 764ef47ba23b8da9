"""Business keys as bytes: the parts, normalised, joined by U+001F."""

from __future__ import annotations

import zlib

SEPARATOR = "\x1f"


def join_key(*parts: str) -> str:
    """The parts joined by the separator. Parts are normalised text, which never holds the separator."""
    return SEPARATOR.join(parts)


def split_key(key: str) -> list[str]:
    """The reverse of `join_key`."""
    return key.split(SEPARATOR)


def partition_of(key: str | bytes, partitions: int) -> int:
    """crc32 of the key's bytes modulo the partition count: the same in every process and version."""
    return zlib.crc32(key.encode() if isinstance(key, str) else key) % partitions
