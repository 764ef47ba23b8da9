"""What an answer is kept in until somebody has taken it: in memory, a large one in a temporary file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from suyuan.errors import ErrorKind, SuyuanError

_IN_MEMORY = 8 << 20
"""bytes"""


class Spool:
    """Lines of JSON, in the order in which they were added. The file has no name, and goes with the process."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 -- closed by __exit__

    def add(self, line: bytes) -> None:
        """Keep a line, given without its end. Raises SuyuanError where there is no room."""
        with _told():
            self._file.write(line)
            self._file.write(b"\n")

    def clear(self) -> None:
        """Keep nothing."""
        with _told():
            self._file.seek(0)
            self._file.truncate()

    def lines(self) -> Iterator[bytes]:
        """All, each with its end."""
        with _told():
            self._file.seek(0)
        yield from self._file

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SuyuanError(
            f"what is listed cannot be kept in {tempfile.gettempdir()} ({error.strerror}): free space there, or name"
            " another folder with TMPDIR",
            ErrorKind.UNAVAILABLE,
        ) from error
