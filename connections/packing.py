"""Batches packed fast. aiokafka asks for level 9 of lz4's high-compression variant, five times slower than what Java's
clients do (124 and 605 MB/s of events; 33 and 48 % of the size), and for level 3 of zstd with a new context for each
batch: of a block of 3,000 chains 316 MB/s, and 522 at level 1 with one that is kept; 14 and 16 % of the size, of
changelogs the same.
"""

from __future__ import annotations

import threading

import cramjam
import zstandard

from suyuan.connections.aiokafka_internals import replace_encoders

FAST = 1


class _Compressors(threading.local):
    """A thread's own: no two may use one at once."""

    def __init__(self) -> None:
        self.zstd = zstandard.ZstdCompressor(level=FAST)


_compressors = _Compressors()


def lz4_encode(payload: bytes | bytearray) -> bytes:
    """The payload as a frame of independent blocks, which is what brokers take."""
    compressor = cramjam.lz4.Compressor(level=FAST, content_checksum=False, block_linked=False)
    compressor.compress(payload)
    return bytes(compressor.finish())


def zstd_encode(payload: bytes | bytearray) -> bytes:
    """The payload as one frame."""
    return _compressors.zstd.compress(payload)


def pack_fast() -> None:
    """Have every producer of this process use these from now on."""
    replace_encoders({"lz4": lz4_encode, "zstd": zstd_encode})
