"""Errors in the description of a connection, found before anything is connected."""

from __future__ import annotations

from suyuan.errors import ErrorKind, SuyuanError


class WrongConnection(SuyuanError, ValueError):
    """A connection that cannot be made as described. `field`: the one at fault, as in the connection's class."""

    kind = ErrorKind.CONFIGURATION

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class InsecureConnection(WrongConnection):
    """The connection would send plaintext to another machine, which was not allowed."""
