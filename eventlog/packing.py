"""How the body of a batch is packed: as it is, by lz4 or by zstd."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import cramjam
import zstandard

if TYPE_CHECKING:
    from collections.abc import Callable

COMPRESS_FROM_BYTES = 256
CLOSELY_FROM_BYTES = 4096
"""of a record, on average: such are blocks of columns, which zstd packs to a third of what lz4 leaves"""
MANY_BYTES = 32 << 10
"""of a batch: from here on zstd packs small records to half of what lz4 leaves; below, beginning costs most"""
PAYS = 0.9
"""of the size at most, or the body stays as it is"""

_PLAIN, _LZ4, _ZSTD = 0, 1, 2
_LEVEL = 1
"""events, pairs of a state: lz4 to 0.3 of the size at 560-690 MB/s and back at 1,000-2,700; zstd 1 to 0.12-0.19 at
400-600 and 800-1,100; zstd 3 is no smaller. Blocks: lz4 to 0.3, zstd to 0.1 at 500 MB/s"""

PACKING_ERRORS = (zstandard.ZstdError, cramjam.DecompressionError)
"""what `unpacked` raises where the bytes are not what `pack` made"""


class _Contexts(threading.local):
    """A thread's own, kept: no two may use one at once, and a new one for each body takes a fifth to a third longer."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=_LEVEL)
        self.decompressor = zstandard.ZstdDecompressor()


_contexts = _Contexts()


def pack(body: bytes, records: int) -> tuple[int, bytes]:
    """The codec that suits a body of so many records, and the body by it."""
    if len(body) < COMPRESS_FROM_BYTES:
        return _PLAIN, body
    if len(body) >= min(MANY_BYTES, CLOSELY_FROM_BYTES * records):
        codec, packed = _ZSTD, _contexts.compressor.compress(body)
    else:
        codec, packed = _LZ4, bytes(cramjam.lz4.compress_block(body, store_size=True))
    return (codec, packed) if len(packed) < PAYS * len(body) else (_PLAIN, body)


def unpacked(codec: int, body: memoryview) -> memoryview:
    """The body as it was, by one of CODECS. Raises one of PACKING_ERRORS."""
    return memoryview(CODECS[codec](body))


def _by_zstd(body: memoryview) -> bytes:
    return _contexts.decompressor.decompress(body)


CODECS: dict[int, Callable[[memoryview], Any]] = {
    _PLAIN: memoryview,
    _LZ4: cramjam.lz4.decompress_block,
    _ZSTD: _by_zstd,
}
"""how a body is unpacked, by the codec that its head names"""
