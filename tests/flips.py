"""Bits that flip on the disk."""

from __future__ import annotations

import struct

FOOTER_BYTES = 53


def flip(file, chance, start=0.0, until=1.0):
    """Flip one bit of a part (shares of the file, or bytes), at a place of chance; the place (offset, bit)."""
    content = bytearray(file.read_bytes())
    first, last = (int(len(content) * edge) if isinstance(edge, float) else edge for edge in (start, until))
    at, bit = chance.randrange(first, max(last, first + 1)), chance.randrange(8)
    content[at] ^= 1 << bit
    file.write_bytes(content)
    return at, bit


def index_of_table(file):
    """Where a RocksDB table's index lies, (first, behind): its footer says so."""
    content = file.read_bytes()
    at = len(content) - FOOTER_BYTES + 1
    numbers = []
    for _ in range(4):  # offset and size of the meta index, then of the index
        number = shift = 0
        while True:
            byte = content[at]
            at += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        numbers.append(number)
    return numbers[2], numbers[2] + numbers[3]


def pages_of_sqlite(file):
    """Bytes of a page, and how many there are."""
    (size,) = struct.unpack_from(">H", file.read_bytes(), 16)
    return size, file.stat().st_size // size
