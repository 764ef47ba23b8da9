"""Asks the query service of a running process."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar, cast

import msgspec

from suyuan.access.scope import Scope
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.api import Queries
from suyuan.queries.over_socket import path as query_socket
from suyuan.queries.over_socket.messages import Answered, Asked, raised
from suyuan.queries.questions import Export, Question, Whole
from suyuan.queries.spool import Spool

W = TypeVar("W")
A = TypeVar("A")
T = TypeVar("T")

_PATIENCE = 900.0
"""seconds that the service may take for an answer: longer than any question may take there (`budgets`)"""


class NotRunningError(SuyuanError):
    """No process serves this folder."""


class BrokenOff(SuyuanError):
    """The process that answered has gone, and the answer is not all: it may be asked again."""

    def __init__(self, message: str) -> None:
        super().__init__(message, ErrorKind.UNAVAILABLE)


class SocketQueries(Queries):
    """Asks whoever runs on the folder. Each question raises NotRunningError at once where nobody does, and BrokenOff
    where the process ends meanwhile.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def answer(self, question: Question[W, A], scope: Scope, wanted: W) -> A:
        """As Queries.answer."""
        asked = Asked(question.name, scope, msgspec.Raw(msgspec.json.encode(wanted)))
        line = _exchange(_connect(self._folder), asked)
        with _understood():
            return cast("A", msgspec.json.decode(_answer(line), type=question.answer))

    def spool(self, export: Export[W, T], scope: Scope, whole: Whole[W], spool: Spool) -> None:
        """As Queries.spool."""
        asked = Asked(export.name, scope, msgspec.Raw(msgspec.json.encode(whole)))
        _answer(_exchange(_connect(self._folder), asked, spool))


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


@contextmanager
def _understood() -> Iterator[None]:
    try:
        yield
    except msgspec.DecodeError as error:
        raise SuyuanError(
            f"the running process answers in a way that this version does not know ({error}): start it again",
            ErrorKind.CONFIGURATION,
        ) from None


def _answer(line: bytes) -> msgspec.Raw:
    """Raises the error that was answered."""
    with _understood():
        answered = msgspec.json.decode(line, type=Answered)
    if answered.error is not None:
        raise raised(answered.error)
    return answered.answer


def _exchange(connection: socket.socket, asked: Asked, spool: Spool | None = None) -> bytes:
    """The line that is answered; lines of rows before it go into the spool."""
    try:
        with connection, connection.makefile("rb") as answer:
            connection.sendall(msgspec.json.encode(asked) + b"\n")
            while (line := answer.readline()).startswith(b"[") and line.endswith(b"\n") and spool is not None:
                spool.add(line[:-1])
    except ConnectionError as error:
        raise BrokenOff(f"the running process stopped in the middle of the answer: {error}") from None
    except OSError as error:
        raise SuyuanError(f"the running process does not answer: {error}", ErrorKind.UNAVAILABLE) from None
    if not line.endswith(b"\n"):
        raise BrokenOff("the running process stopped in the middle of the answer")
    return line
