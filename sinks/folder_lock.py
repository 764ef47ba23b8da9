"""A lock that keeps a ClickHouse folder to one process. It is taken before chdb tries, which would only print its
refusal to standard error.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from suyuan.sinks.errors import FolderInUse, ServerUnavailable, TablesFull


class FolderLock:
    """Held from construction until `release`. The kernel releases it when the process ends in whatever way."""

    def __init__(self, folder: Path) -> None:
        """Take the lock. Raises FolderInUse with the holder's process id, ServerUnavailable when the folder cannot be
        written.
        """
        path = folder.with_name(folder.name + ".lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a+")
        except OSError as error:
            raise ServerUnavailable(f"cannot write to {path.parent}: {error.strerror}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise FolderInUse(f"{folder} is in use by process {holder}") from None
        try:
            self._file.truncate(0)
            self._file.write(str(os.getpid()))
            self._file.flush()
        except OSError as error:
            with suppress(OSError):  # what is not flushed is tried once more
                self._file.close()
            raise TablesFull(f"no room in {path.parent}: free space, then start again") from error

    def release(self) -> None:
        """Release the lock. May be called twice."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
