"""Cut a stream of bytes into lines, in bounded memory whatever it holds."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Protocol

from suyuan.publishing.files.problems import LONGEST

__all__ = ["LONGEST", "Bytes", "Lines", "Mark"]

_CHUNK = 1 << 18
_BOM = b"\xef\xbb\xbf"


class Mark(Enum):
    """What stands in the place of a line."""

    TOO_LONG = "too long"
    """a line of more than `LONGEST` bytes, which was not kept"""
    PAUSE = "pause"
    """no line: the writer of the pipe takes its time"""


class Bytes(Protocol):
    """See `suyuan.publishing.files.sources.Source`."""

    def read(self, size: int) -> bytes:
        """The next bytes, b"" at the end."""

    def would_wait(self) -> bool:
        """Whether nothing is there right now."""


class Lines:
    r"""Lines without their ends (\n, \r\n or \r, mixed as they come) and without the byte order mark."""

    def __init__(self, stream: Bytes) -> None:
        self._stream = stream
        self.empty = True
        """whether there was not one byte"""
        self.terminated = True
        """after the last line: whether it had an end, or the file may be cut off"""

    def __iter__(self) -> Iterator[bytes | Mark]:
        rest, skipping, after_return = b"", False, False
        while True:
            if self._stream.would_wait():
                yield Mark.PAUSE
            chunk = self._stream.read(_CHUNK)
            if not chunk:
                break
            if self.empty:
                self.empty = False
                chunk = chunk.removeprefix(_BOM)
            ended_in_return = chunk.endswith(b"\r")
            if after_return:
                chunk = chunk.removeprefix(b"\n")
            after_return = ended_in_return
            if b"\r" in chunk:
                chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            first, *others = chunk.split(b"\n")
            if not others:
                rest = b"" if skipping else rest + first
                skipping = skipping or len(rest) > LONGEST
                continue
            yield Mark.TOO_LONG if skipping or len(rest) + len(first) > LONGEST else rest + first
            rest, skipping = others.pop(), False
            yield from others
        self.terminated = not rest and not skipping
        if skipping:
            yield Mark.TOO_LONG
        elif rest:
            yield rest
