"""Bits that flip on the disk."""

from __future__ import annotations


def flip(file, chance, until=1.0):
    """Flip one bit of the file's first part, at a place of chance; the place (offset, bit)."""
    content = bytearray(file.read_bytes())
    at, bit = chance.randrange(max(1, int(len(content) * until))), chance.randrange(8)
    content[at] ^= 1 << bit
    file.write_bytes(content)
    return at, bit
