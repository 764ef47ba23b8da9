"""Asks the query service of a running process."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.over_socket import path as query_socket

_PATIENCE = 120.0
"""seconds that the service may take for the next part of an answer"""


class NotRunningError(SuyuanError):
    """No process serves this folder."""


class BrokenOff(SuyuanError):
    """The process that answered has gone; what it had answered is not all."""

    def __init__(self, message: str) -> None:
        super().__init__(message, ErrorKind.UNAVAILABLE)


def serves(folder: Path) -> bool:
    """Whether a process would answer now. Raises SuyuanError as `ask` does."""
    try:
        _connect(folder).close()
    except NotRunningError:
        return False
    return True


def ask(folder: Path, query: str, **parameters: Any) -> Iterator[dict[str, Any]]:
    """The rows of a named query. Raises NotRunningError at once where there is no service, BrokenOff where it ends
    meanwhile, SuyuanError where the query fails.
    """
    connection = _connect(folder)
    return _rows(connection, query, parameters)


def _connect(folder: Path) -> socket.socket:
    path = query_socket.find(folder)
    if path is None:
        raise NotRunningError
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(_PATIENCE)
    try:
        connection.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        raise NotRunningError from None
    except OSError as error:
        connection.close()
        raise SuyuanError(f"cannot ask the running process through {path}: {error}", ErrorKind.UNAVAILABLE) from None
    return connection


def _rows(connection: socket.socket, query: str, parameters: dict[str, Any]) -> Iterator[dict[str, Any]]:
    request = json.dumps({"query": query, "parameters": parameters}).encode() + b"\n"
    try:
        with connection, connection.makefile("rb") as answer:
            connection.sendall(request)
            for line in answer:
                message = json.loads(line)
                if "row" in message:
                    yield message["row"]
                elif "error" in message:
                    raise SuyuanError(f"the query failed: {message['error']}")
                else:
                    return
    except ConnectionError as error:
        raise BrokenOff(f"the running process stopped in the middle of the answer: {error}") from None
    except OSError as error:
        raise SuyuanError(f"the running process does not answer: {error}", ErrorKind.UNAVAILABLE) from None
    raise BrokenOff("the running process stopped in the middle of the answer")
