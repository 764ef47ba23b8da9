"""The errors of Suyuan's own: one tree, so that a face can say of each how it ends.

The command makes an exit code of the kind, an HTTP answer a status. The text is one line for people: what is wrong,
where, and what to do. Errors of a library reach nobody: the room that calls it raises one of these instead.
"""

from __future__ import annotations

from enum import StrEnum


class ErrorKind(StrEnum):
    """What somebody can do about an error."""

    USAGE = "usage"
    """what was asked makes no sense: ask otherwise"""
    CONFIGURATION = "configuration"
    """settings, versions or what was set up do not fit: mend that, then start again"""
    UNAVAILABLE = "unavailable"
    """another process or server is in the way or away: the same may be asked again"""
    FAILED = "failed"
    """it was tried and did not succeed"""


class SuyuanError(Exception):
    """Base of all errors that are told to people. `kind`: of the class, unless the error has one of its own."""

    kind: ErrorKind = ErrorKind.FAILED

    def __init__(self, message: str = "", kind: ErrorKind | None = None) -> None:
        super().__init__(message)
        if kind is not None:
            self.kind = kind
