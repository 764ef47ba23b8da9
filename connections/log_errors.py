"""Errors of the log that the streams read and write, whichever it is: the embedded one or Kafka."""

from __future__ import annotations

from suyuan.errors import ErrorKind, SuyuanError


class TransportError(SuyuanError):
    """The log cannot be used, or what was asked of it makes no sense."""


class LogUnavailable(TransportError):
    """The log does not answer, or not now. Nothing was kept, or that is unknown; the same call may be made again."""

    kind = ErrorKind.UNAVAILABLE


class MessagesLost(TransportError):
    """Messages were deleted before they were read, or the topic was made again, and the loss was not accepted."""
