"""How a process ends: exit codes (docs: the table of commands)."""

from __future__ import annotations

from enum import IntEnum

from suyuan.errors import ErrorKind, SuyuanError


class Exit(IntEnum):
    """Exit codes."""

    DONE = 0
    FAILED = 1
    WRONG_USAGE = 2
    BAD_CONFIGURATION = 3
    UNAVAILABLE = 4


_OF_KIND = {
    ErrorKind.USAGE: Exit.WRONG_USAGE,
    ErrorKind.CONFIGURATION: Exit.BAD_CONFIGURATION,
    ErrorKind.UNAVAILABLE: Exit.UNAVAILABLE,
    ErrorKind.FAILED: Exit.FAILED,
}


def exit_of(error: SuyuanError) -> Exit:
    """The exit code of a process that this error ends."""
    return _OF_KIND[error.kind]
