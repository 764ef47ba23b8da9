"""A lock that keeps a folder to one running process."""

from __future__ import annotations

import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from suyuan.eventlog.errors import LogLocked, translated

if TYPE_CHECKING:
    from types import TracebackType


def lock_of(folder: Path) -> Path:
    """The file that the running process of a data folder has locked."""
    return folder / "log" / "running.lock"


def last_taken(folder: Path) -> int:
    """A number that differs each time that a process has begun to run on the data folder; 0 before the first."""
    try:
        return lock_of(folder).stat().st_mtime_ns
    except OSError:
        return 0


class ProcessLock:
    """An exclusive lock on a file that says who holds it. The system releases it when the process ends in whatever
    way.
    """

    def __init__(self, path: Path) -> None:
        """Take the lock, or raise LogLocked naming the holder."""
        with translated(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._file, 200, 0).decode(errors="replace").strip() or "pid unknown"
            os.close(self._file)
            raise LogLocked(
                f"another suyuan process ({holder}) is running on {path.parent.parent}: stop it, or use another folder"
            ) from None
        try:
            with translated(path.parent):
                os.ftruncate(self._file, 0)
                os.pwrite(
                    self._file,
                    f"pid {os.getpid()}, since {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n".encode(),
                    0,
                )
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Release the lock."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
