"""Open what is to be published: a file, a gzip file, a member of a zip file, standard input."""

from __future__ import annotations

import gzip
import io
import os
import select
import stat
import sys
from collections.abc import Callable
from typing import IO, Any, BinaryIO

from suyuan.publishing.files.problems import FileRefusedError

STDIN = "-"
_GZIP = b"\x1f\x8b"


Raw = IO[bytes] | io.RawIOBase


class TooLarge(FileRefusedError):
    """More bytes come out of a file than may, or more records: it may be a bomb."""


class Source:
    """Bytes with a name. `read` returns what is there, up to `size` bytes, and b"" at the end.

    Raises OSError, EOFError or zlib.error where the file or its compression cannot be read.
    """

    def __init__(
        self,
        name: str,
        raw: Raw,
        size: int | None,
        reopen: Callable[[], Raw] | None,
        most_bytes: int | None = None,
    ) -> None:
        """`size`: bytes of the file as stored, None where that is not known beforehand. `reopen`: the same bytes from
        the beginning, None for a pipe. `most_bytes`: that may come out, unpacked; `read` raises TooLarge for more.
        """
        self.name = name
        self.size = size
        self._raw = raw
        self._reopen = reopen
        self._most_bytes = most_bytes
        self._head = b""
        self._stream: Raw | gzip.GzipFile = raw
        self._waits = False
        self._begin()

    @property
    def rewindable(self) -> bool:
        """Whether it can be read from the beginning again."""
        return self._reopen is not None

    def rewind(self) -> None:
        """Read from the beginning again."""
        if self._reopen is None:
            raise io.UnsupportedOperation("rewind")
        self._raw = self._reopen()
        self._begin()

    def read(self, size: int) -> bytes:
        """The next bytes."""
        if self._head:
            data, self._head = self._head, b""
        else:
            data = self._stream.read(size) or b""
        if self._most_bytes is not None:
            self._came += len(data)
            if self._came > self._most_bytes:
                raise TooLarge(f"more than {self._most_bytes:,} bytes, unpacked: send it in parts")
        return data

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

    def _begin(self) -> None:
        self._waits = self._reopen is None
        self._came = 0
        self._head = fill(self._raw, 4)
        self._stream = self._raw
        if self._head.startswith(_GZIP):
            self._stream = gzip.GzipFile(fileobj=io.BufferedReader(Joined(self._head, self._raw)))
            self._head, self._waits = b"", False


class Joined(io.RawIOBase):
    """The bytes that were looked at, then the rest."""

    def __init__(self, head: bytes, rest: Raw) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """For select."""
        return self._rest.fileno()

    def readinto(self, buffer: Any) -> int:
        """What is there, 0 at the end."""
        data, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
        data = data or self._rest.read(len(buffer)) or b""
        buffer[: len(data)] = data
        return len(data)


def open_raw(name: str) -> tuple[BinaryIO, int | None]:
    """The bytes of a file, or of standard input, and how many they are, where that is known. Raises OSError."""
    # unbuffered: what a pipe holds is seen by select, and read without waiting for a full buffer
    raw = io.FileIO(sys.stdin.fileno() if name == STDIN else name, closefd=name != STDIN)
    status = os.fstat(raw.fileno())
    return raw, status.st_size if stat.S_ISREG(status.st_mode) else None


def fill(raw: Raw, size: int) -> bytes:
    """The first bytes, fewer only at the end."""
    head = b""
    while len(head) < size and (more := raw.read(size - len(head))):
        head += more
    return head
