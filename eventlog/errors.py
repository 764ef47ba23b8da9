"""What can go wrong with the log, each with a message that says what to do."""

from __future__ import annotations

import errno
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from suyuan.connections.log_errors import TransportError
from suyuan.errors import ErrorKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class LogError(TransportError):
    """The log refused or failed; what was acknowledged before is safe."""


class LogLocked(LogError):
    """Another process runs on this folder, or holds the log for too long."""

    kind = ErrorKind.UNAVAILABLE


class LogReadOnly(LogError):
    """The folder or its files cannot be written."""

    kind = ErrorKind.CONFIGURATION


class LogFull(LogError):
    """No room left. Nothing of the refused append is in the log; try again when there is room."""


class LogNewer(LogError):
    """A newer version of this program made the folder."""

    kind = ErrorKind.CONFIGURATION


class LogFormer(LogError):
    """A former version of this program made the folder; it can be exported."""

    kind = ErrorKind.CONFIGURATION


class LogCorrupt(LogError):
    """The file, or a batch in it, is damaged."""


class LogMissing(LogError):
    """There is no log in this folder."""

    kind = ErrorKind.CONFIGURATION


class LogClosed(LogError):
    """The log was closed."""


class UnknownTopic(LogError):
    """No topic of this name, or no partition of this number."""


class TopicMismatch(LogError):
    """The topic exists with another number of partitions."""


class RecordRefused(LogError):
    """A record that the log does not take: too large, or without a key in a compacted topic."""


FULL = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_SHMSIZE,
}
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


@contextmanager
def translated(folder: Path) -> Iterator[None]:
    """Errors of SQLite and of the file system as LogErrors that name the folder."""
    try:
        yield
    except sqlite3.Error as error:
        raise _of_sqlite(error, folder) from error
    except OSError as error:
        raise _of_system(error, folder) from error


def _of_sqlite(error: sqlite3.Error, folder: Path) -> LogError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    primary = code & 0xFF
    if code in FULL or primary == sqlite3.SQLITE_FULL:
        return LogFull(
            f"no room for the log in {folder} ({error}): nothing of this append was kept; free space, then try again"
        )
    if primary in DAMAGED:
        return LogCorrupt(
            f"the log in {folder} is damaged or not a log ({error}): restore it from a copy, or move it away"
        )
    if primary in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return LogLocked(f"the log in {folder} was held by another process for too long ({error}): try again")
    if primary in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN}:
        return LogReadOnly(f"the log in {folder} cannot be written ({error}): check the owner and mode of the folder")
    return LogError(f"the log in {folder} failed: {error}")


def _of_system(error: OSError, folder: Path) -> LogError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return LogFull(f"no room for the log in {folder}: free space, then try again")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return LogReadOnly(f"{folder} cannot be written: check the owner and mode of the folder")
    return LogError(f"the log in {folder} failed: {error}")
