"""A cursor is a place in a topic: the next offset of each of its partitions. Anybody who reads the same log can go on
from it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping

from suyuan.connections.topic_partition import TopicPartition
from suyuan.errors import ErrorKind, SuyuanError

_VERSION = "v1"
MOST_CHARACTERS = 4_000
"""of a cursor: of 256 partitions that have come far some 2,000"""
_MOST_BITS = 63


class BadCursor(SuyuanError):
    """No cursor of this topic."""

    kind = ErrorKind.USAGE


def write_cursor(topic: str, next_offsets: Mapping[TopicPartition, int]) -> str:
    """`<topic>.v1.<offsets>`: characters that an address and a header take as they are."""
    offsets = (next_offsets[topic, number] for number in range(len(next_offsets)))
    packed = b"".join(map(_varint, offsets))
    return f"{topic}.{_VERSION}.{base64.urlsafe_b64encode(packed).decode().rstrip('=')}"


def read_cursor(text: str, topic: str, partitions: int) -> dict[TopicPartition, int]:
    """Raises BadCursor, also for one of another topic or of another number of partitions."""
    named, _, packed = text.rpartition(".")
    if len(text) > MOST_CHARACTERS or named != f"{topic}.{_VERSION}" or not packed.isascii():
        raise BadCursor("that is no place in this feed: begin without one")
    try:
        offsets = list(_numbers(base64.b64decode(packed + "=" * (-len(packed) % 4), b"-_", validate=True)))
    except (binascii.Error, ValueError):
        offsets = []
    if len(offsets) != partitions:
        raise BadCursor("that is no place in this feed: begin without one")
    return {(topic, number): offset for number, offset in enumerate(offsets)}


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _numbers(packed: bytes) -> Iterator[int]:
    """Raises ValueError."""
    number = bits = 0
    for byte in packed:
        number |= (byte & 0x7F) << bits
        bits += 7
        if bits > _MOST_BITS + 7 or number.bit_length() > _MOST_BITS:
            raise ValueError("too large")
        if not byte & 0x80:
            yield number
            number = bits = 0
    if bits:
        raise ValueError("cut off")
