"""Errors of a transport, whichever log is below."""

from __future__ import annotations

from suyuan.connections.log_errors import TransportError
from suyuan.errors import ErrorKind


class LeaseLost(TransportError):
    """The process may have lost its partitions to another one and must not write for them any more."""


class TopicGrown(TransportError):
    """A topic has other partitions than those among which keys are divided."""

    kind = ErrorKind.CONFIGURATION


class LogTruncated(TransportError):
    """The log ends before what was committed: it lost records that it had acknowledged, or is another log."""
