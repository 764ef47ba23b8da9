"""Open what is to be published: a file, a gzip file, standard input."""

from __future__ import annotations

import gzip
import io
import os
import select
import stat
import sys
from pathlib import Path
from typing import Any, BinaryIO

STDIN = "-"
_GZIP = b"\x1f\x8b"


class Source:
    """Bytes with a name. `read` returns what is there, up to `size` bytes, and b"" at the end.

    Raises OSError, EOFError or zlib.error where the file or its compression cannot be read.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._raw: BinaryIO = _open(name)
        self.size = _size(self._raw)
        """bytes of the file as stored, None where that is not known beforehand"""
        self._waits = self.size is None
        self._head = _fill(self._raw, 4)
        self._stream: BinaryIO | gzip.GzipFile = self._raw
        if self._head.startswith(_GZIP):
            self._stream = gzip.GzipFile(fileobj=io.BufferedReader(_Joined(self._head, self._raw)))
            self._head, self._waits = b"", False

    def read(self, size: int) -> bytes:
        """The next bytes."""
        if self._head:
            head, self._head = self._head, b""
            return head
        return self._stream.read(size)

    def would_wait(self) -> bool:
        """Whether nothing is there right now (a pipe whose writer is slow)."""
        return self._waits and not self._head and not select.select([self._raw], [], [], 0)[0]

    def position(self) -> int:
        """Bytes of the file as stored that were read so far; 0 for pipes."""
        return self._raw.tell() if self.size is not None else 0

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self.name != STDIN:
            self._raw.close()


class _Joined(io.RawIOBase):
    """The bytes that were looked at, then the rest."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
        data = data or self._rest.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _open(name: str) -> BinaryIO:
    # unbuffered: what a pipe holds is seen by select, and read without waiting for a full buffer
    return io.FileIO(sys.stdin.fileno(), closefd=False) if name == STDIN else Path(name).open("rb", buffering=0)


def _size(raw: BinaryIO) -> int | None:
    status = os.fstat(raw.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _fill(raw: BinaryIO, size: int) -> bytes:
    head = b""
    while len(head) < size and (more := raw.read(size - len(head))):
        head += more
    return head
