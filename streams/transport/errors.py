"""Errors of a transport, whichever log is below."""

from __future__ import annotations


class TransportError(Exception):
    """The log cannot be used, or what was asked of it makes no sense."""


class LogUnavailable(TransportError):
    """Nothing was kept, or nobody knows; the same append may be tried again."""


class LeaseLost(TransportError):
    """The process may have lost its partitions to another one and must not write for them any more."""


class MessagesLost(TransportError):
    """Messages were deleted before they were read, or the topic was made again; nobody has accepted that."""


class TopicGrown(TransportError):
    """A topic has other partitions than those that keys are dealt out to."""


class LogTruncated(TransportError):
    """The log ends before what was committed: it lost records that it had acknowledged, or is another log."""
