"""What can go wrong between the log and a sink, and which of it passes by itself."""

from __future__ import annotations

import errno
import re

from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError

from suyuan.errors import ErrorKind, SuyuanError


class SinkError(SuyuanError):
    """Base of the sinks' own errors; the text is made for people."""


class FolderInUse(SinkError):
    """Another process has the ClickHouse folder open."""

    kind = ErrorKind.UNAVAILABLE


class ServerUnavailable(SinkError):
    """ClickHouse cannot be reached or opened."""

    kind = ErrorKind.UNAVAILABLE


class OverBudget(SinkError):
    """A question that would wait or take longer than it may, so that others are answered too."""

    kind = ErrorKind.UNAVAILABLE


class TablesFull(ServerUnavailable):
    """There is no room where the tables are; the same may be tried again when there is."""


class FolderUnusable(SinkError):
    """Nothing can be written to a folder that somebody named for it."""

    kind = ErrorKind.CONFIGURATION


class TablesMissing(SinkError):
    """The server answers, but the tables are not there."""


class MigrationError(SinkError):
    """The database's schema is not the one that this version can work with. Nothing was changed."""

    kind = ErrorKind.CONFIGURATION


class TopicMissing(SinkError):
    """A topic that is to be loaded does not exist."""

    kind = ErrorKind.CONFIGURATION


class TopicChanged(SinkError):
    """A topic has other partitions than when the loader started: new ones would not be loaded."""

    kind = ErrorKind.CONFIGURATION


class OwnershipLost(SinkError):
    """The topics are another loader's by now; nothing was committed. What was intended is repeated there, under
    the same tokens.
    """


class LoaderError(SinkError):
    """A block that cannot be loaded: the loader stops, nothing of it is acknowledged."""


TRANSIENT = frozenset(
    {
        3,  # UNEXPECTED_END_OF_FILE
        32,  # ATTEMPT_TO_READ_AFTER_EOF
        74,  # CANNOT_READ_FROM_FILE_DESCRIPTOR
        75,  # CANNOT_WRITE_TO_FILE_DESCRIPTOR: disk full
        76,  # CANNOT_OPEN_FILE: no descriptors left
        159,  # TIMEOUT_EXCEEDED
        164,  # READONLY: a server in maintenance
        202,  # TOO_MANY_SIMULTANEOUS_QUERIES
        203,  # NO_FREE_CONNECTION
        209,  # SOCKET_TIMEOUT
        210,  # NETWORK_ERROR
        236,  # ABORTED
        241,  # MEMORY_LIMIT_EXCEEDED
        242,  # TABLE_IS_READ_ONLY
        243,  # NOT_ENOUGH_SPACE
        252,  # TOO_MANY_PARTS
        285,  # TOO_FEW_LIVE_REPLICAS
        319,  # UNKNOWN_STATUS_OF_INSERT
        394,  # QUERY_WAS_CANCELLED
        425,  # SYSTEM_ERROR
        439,  # CANNOT_SCHEDULE_TASK
        473,  # DEADLOCK_AVOIDED
        999,  # KEEPER_EXCEPTION
    }
)
"""ClickHouse error codes that a later attempt can get past"""

_NOT_ENOUGH_SPACE = 243
_FULL = ("No space left on device", "Disk quota exceeded", "File too large", "NOT_ENOUGH_SPACE")
_OF_A_PROXY = re.compile(r"HTTP status (408|429|5\d\d)\b")
_FULL_ERRNO = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_PASSING_ERRNO = _FULL_ERRNO | {errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.EINTR}


def is_full(error: BaseException) -> bool:
    """Whether an error says that no room is left."""
    if isinstance(error, OSError):
        return error.errno in _FULL_ERRNO
    return getattr(error, "code", None) == _NOT_ENOUGH_SPACE or any(said in str(error) for said in _FULL)


def is_transient(error: BaseException) -> bool:
    """Whether the same insert may succeed later: connections lost, disk full, a server short of memory."""
    if isinstance(error, ClickHouseError):
        code = getattr(error, "code", None)
        if code is not None:
            return code in TRANSIENT
        # without a code of ClickHouse's: the connection, or a proxy before it
        return isinstance(error, OperationalError) or _OF_A_PROXY.search(str(error)) is not None
    if isinstance(error, OSError):
        return isinstance(error, ConnectionError | TimeoutError) or error.errno in _PASSING_ERRNO
    return False
