"""Answers questions of other processes while this one holds the tables (one process only can have them open).

One question per connection (`messages`). None of them writes. An answer is made whole before it is sent: who reads
slowly, or not at all, holds a thread and the bytes, and nobody's reader.
"""

from __future__ import annotations

import logging
import socket
import socketserver
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import msgspec

from suyuan.errors import ErrorKind
from suyuan.queries.api import Queries
from suyuan.queries.over_socket import path as query_socket
from suyuan.queries.over_socket.messages import Answered, Asked, Failure, failure_of
from suyuan.queries.questions import EXPORTS, QUESTIONS
from suyuan.queries.spool import Spool
from suyuan.sinks.errors import OverBudget

_LONGEST_REQUEST = 1 << 20
_AT_ONCE = 1 << 16
_PATIENCE = 30.0
"""seconds that a client may keep us waiting"""
_REFUSAL_PATIENCE = 0.2
"""seconds that a client too many has for its question: those that come after it wait meanwhile"""
MOST_CLIENTS = 64
"""connected at the same time, whatever they do"""

log = logging.getLogger(__name__)


class QueryService:
    """Serves `queries` for the folder from `start` to `stop`, each client in a thread of its own."""

    def __init__(self, folder: Path, queries: Queries) -> None:
        self._folder = folder
        self._queries = queries
        self._server: _Server | None = None

    def start(self) -> None:
        """Listen; returns at once. Raises OSError where the socket cannot be made."""
        path = query_socket.place(self._folder)
        self._server = _Server(path, self._queries)
        threading.Thread(target=self._server.serve_forever, name="query-service", daemon=True).start()

    def stop(self) -> None:
        """Answer no more; clients in the middle of an answer are cut off. Idempotent."""
        if self._server is not None:
            self._server.stopping = True
            self._server.shutdown()
            self._server.server_close()
            self._server = None
            query_socket.clear(self._folder)


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, path: Path, queries: Queries) -> None:
        self.queries = queries
        self.stopping = False
        self._clients = threading.BoundedSemaphore(MOST_CLIENTS)
        super().__init__(str(path), _Handler, bind_and_activate=False)
        self.server_bind()
        path.chmod(0o600)  # before listening: until then nobody can connect
        self.server_activate()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Raises nothing: a client too many is told so."""
        if not self._clients.acquire(blocking=False):
            self._send_away(request, f"{MOST_CLIENTS} clients are connected")
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError as error:  # no thread can be started
            self._clients.release()
            self._send_away(request, str(error))

    def _send_away(self, request: socket.socket, why: str) -> None:
        _refuse(request, why)
        self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """In the client's thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._clients.release()


class _Handler(socketserver.StreamRequestHandler):
    timeout = _PATIENCE

    def handle(self) -> None:
        try:
            asked = self.rfile.readline(_LONGEST_REQUEST)
            if not asked:
                return  # it only wanted to know whether somebody answers
            with Spool() as spool:
                answer = self._answer(asked, spool)
                if answer is None:
                    return
                for line in spool.lines():
                    self.wfile.write(line)
                self.wfile.write(answer)
        except (BrokenPipeError, ConnectionError, TimeoutError):
            return  # the client went away, or does not read

    def _answer(self, line: bytes, spool: Spool) -> bytes | None:
        """The last line of the answer; those before it are in the spool. None: the tables are being closed; without an
        answer the client knows that it may ask again.
        """
        server = cast("_Server", self.server)
        try:
            asked = msgspec.json.decode(line, type=Asked)
            if asked.question in EXPORTS:
                export = EXPORTS[asked.question]
                whole = msgspec.json.decode(asked.wanted, type=export.wanted)
                server.queries.spool(export, asked.scope, whole, spool)
                return _line(Answered(msgspec.Raw(b"null")))
            question = QUESTIONS[asked.question]
            wanted = msgspec.json.decode(asked.wanted, type=question.wanted)
            answer = server.queries.answer(question, asked.scope, wanted)
            return _line(Answered(msgspec.Raw(msgspec.json.encode(answer))))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one query, the service goes on
            if server.stopping:
                return None
            spool.clear()
            told = failure_of(error)
            if told.kind is ErrorKind.FAILED:
                log.warning("query failed: %r", error)
            return _line(Answered(error=told))


def _refuse(request: socket.socket, why: str) -> None:
    told = Failure(ErrorKind.UNAVAILABLE, OverBudget.__name__, f"busy: {why}: ask again later")
    request.settimeout(_REFUSAL_PATIENCE)
    try:
        _hear(request)
        request.sendall(_line(Answered(error=told)))
    except OSError:
        return


def _hear(request: socket.socket) -> None:
    """Reads the question: who is hung up on while it asks does not read what it was told. Gives up on one who does not
    ask.
    """
    until = time.monotonic() + _REFUSAL_PATIENCE
    heard = 0
    with suppress(TimeoutError):
        while heard < _LONGEST_REQUEST and time.monotonic() < until:
            some = request.recv(_AT_ONCE)
            heard += len(some)
            if not some or some.endswith(b"\n"):
                return


def _line(message: Answered) -> bytes:
    return msgspec.json.encode(message) + b"\n"
