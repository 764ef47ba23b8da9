"""How the command ends: exit codes (docs: the table of commands) and failures that are one clear line."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes."""

    DONE = 0
    FAILED = 1
    WRONG_USAGE = 2
    BAD_CONFIGURATION = 3
    UNAVAILABLE = 4


class CommandError(Exception):
    """Ends the command with one line on standard error and this exit code."""

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.code = code
