"""Unpacks compressed bytes up to a limit: what claims to be larger is not begun, what turns out to be is broken off.
Some 87 KB of zeros, packed well, are 4.5 GB, and the decoders of Kafka's clients make all of it in one piece.
"""

from __future__ import annotations

import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Final

import cramjam
import lz4.frame
import zstandard

from suyuan.errors import SuyuanError

UNPACKED_LIMIT: Final = 64 << 20
"""bytes of a batch's records once they are unpacked: twice the longest block of ours"""
MOST_PARTS: Final = 65_536
"""members, frames or blocks of one batch: clients write one, or one for 32 KiB"""
_PIECE = 1 << 20
_STEP = 1 << 10
"""bytes that a part is begun with: what lies behind a small one is not copied with each"""
_LZ4_HEADER = 64
"""more than the longest"""
_XERIAL = b"\x82SNAPPY\x00"
_XERIAL_HEADER = 16
_GZIP = 31
"""zlib's window bits for gzip's headers"""

_last = threading.local()

Packed = bytes | bytearray | memoryview


class CannotUnpack(SuyuanError):
    """Packed bytes were not unpacked. `packed`: the bytes, as they came; `reason`: why."""

    def __init__(self, codec: str, packed: Packed, reason: str) -> None:
        super().__init__(f"{codec}, {len(packed):,} bytes: {reason}")
        self.codec = codec
        self.packed = bytes(packed)
        self.reason = reason


class _TooLarge(Exception):
    def __init__(self, limit: int, declared: int | None = None) -> None:
        says = "" if declared is None else f" ({declared:,}, it says)"
        super().__init__(f"unpacks to more than {limit:,} bytes{says}")


def gzip_decode(packed: Packed, limit: int | None = None) -> bytes:
    """The bytes of all members, one after another. Only the trailer tells a member's size, and may lie."""
    return _whole("gzip", packed, limit, _gzip_pieces)


def snappy_decode(packed: Packed, limit: int | None = None) -> bytes:
    """The bytes of one block, or of the blocks of xerial's framing. A block cannot be larger than it says."""
    return _whole("snappy", packed, limit, _snappy_pieces)


def lz4_decode(packed: Packed, limit: int | None = None) -> bytes:
    """The bytes of all frames, one after another."""
    return _whole("lz4", packed, limit, _lz4_pieces)


def zstd_decode(packed: Packed, limit: int | None = None) -> bytes:
    """The bytes of all frames, one after another, with their sizes or without."""
    return _whole("zstd", packed, limit, _zstd_pieces)


def _whole(codec: str, packed: Packed, limit: int | None, pieces_of: Callable[[bytes, int], Iterator[bytes]]) -> bytes:
    limit = UNPACKED_LIMIT if limit is None else limit
    try:
        pieces = list(_bounded(pieces_of(bytes(packed), limit), limit))
    except _TooLarge as error:
        raise CannotUnpack(codec, packed, str(error)) from None
    except (zlib.error, zstandard.ZstdError, RuntimeError, cramjam.DecompressionError, ValueError, EOFError) as error:
        raise CannotUnpack(codec, packed, f"not {codec}: {error}") from error
    _last.size = sum(map(len, pieces))
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def take_last_size() -> int:
    """The unpacked size, in bytes, of what this thread unpacked last; 0 when asked again. The clients do not report
    it.
    """
    size, _last.size = getattr(_last, "size", 0), 0
    return size


def _bounded(pieces: Iterator[bytes], limit: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise _TooLarge(limit)
        yield piece


def _gzip_pieces(packed: bytes, _limit: int) -> Iterator[bytes]:
    view, at, parts = memoryview(packed), 0, 0
    while at < len(view):
        if not view[at] and not any(view[at:]):
            return  # padding, as gzip itself reads it
        member, step, parts = zlib.decompressobj(_GZIP), _STEP, _one_more(parts)
        while not member.eof:
            fed = view[at : at + step]
            piece = member.decompress(fed, _PIECE)
            at += len(fed) - len(member.unused_data if member.eof else member.unconsumed_tail)
            step = min(2 * step, _PIECE)
            if not fed and not piece and not member.eof:
                raise EOFError("ends within a member")
            yield piece


def _one_more(parts: int) -> int:
    """Count one more part. Raises ValueError beyond MOST_PARTS: each part costs some microseconds, whatever it
    holds.
    """
    if parts == MOST_PARTS:
        raise ValueError(f"more than {MOST_PARTS:,} parts")
    return parts + 1


def _snappy_pieces(packed: bytes, limit: int) -> Iterator[bytes]:
    if not packed.startswith(_XERIAL):
        yield _snappy_block(packed, 0, limit)
        return
    at, before, parts = _XERIAL_HEADER, 0, 0
    while at < len(packed):
        parts = _one_more(parts)
        (size,) = struct.unpack_from("!i", packed, at)
        at += 4
        if not 0 <= size <= len(packed) - at:
            raise EOFError("ends within a block")
        block = _snappy_block(packed[at : at + size], before, limit)
        before += len(block)
        yield block
        at += size


def _snappy_block(block: bytes, before: int, limit: int) -> bytes:
    declared = before + cramjam.snappy.decompress_raw_len(block)
    if declared > limit:
        raise _TooLarge(limit, declared)
    return bytes(cramjam.snappy.decompress_raw(block))


def _lz4_pieces(packed: bytes, limit: int) -> Iterator[bytes]:
    view, at, parts = memoryview(packed), 0, 0
    while at < len(view):
        declared = lz4.frame.get_frame_info(view[at : at + _LZ4_HEADER])["content_size"]
        if declared > limit:
            raise _TooLarge(limit, declared)
        frame, step, parts = lz4.frame.LZ4FrameDecompressor(), _STEP, _one_more(parts)
        while not frame.eof:
            fed = view[at : at + step] if frame.needs_input else b""
            if frame.needs_input and not fed:
                raise EOFError("ends within a frame")
            at, step = at + len(fed), min(2 * step, _PIECE)
            yield frame.decompress(fed, _PIECE)
        at -= len(frame.unused_data or b"")


def _zstd_pieces(packed: bytes, limit: int) -> Iterator[bytes]:
    declared = zstandard.frame_content_size(packed)
    if declared > limit:
        raise _TooLarge(limit, declared)
    with zstandard.ZstdDecompressor().stream_reader(BytesIO(packed), read_across_frames=True) as reader:
        size = 0
        while piece := reader.read(_PIECE):
            size += len(piece)
            yield piece
    if size < declared:
        raise EOFError("ends within a frame")
