"""lz4 compressed fast, as Java's clients do it. aiokafka asks for level 9 of the high-compression variant, five times
slower (124 and 605 MB/s of events; 33 and 48 % of the size).
"""

from __future__ import annotations

import cramjam

from suyuan.connections.aiokafka_internals import replace_lz4_encoder

FAST = 1


def lz4_encode(payload: bytes | bytearray) -> bytes:
    """The payload as a frame of independent blocks, which is what brokers take."""
    compressor = cramjam.lz4.Compressor(level=FAST, content_checksum=False, block_linked=False)
    compressor.compress(payload)
    return bytes(compressor.finish())


def use_fast_lz4() -> None:
    """Have every producer of this process use it from now on."""
    replace_lz4_encoder(lz4_encode)
