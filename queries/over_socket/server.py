"""Answers queries of other processes while this one holds the tables (one process only can have them open).

One request per connection, both ways JSON lines:

    → {"query": "chains", "parameters": {"verdict": "broken"}}
    ← {"row": {...}}            any number
    ← {"end": true}             or {"error": "..."}: without an end the answer is not complete

Only named queries are answered; none of them writes.
"""

from __future__ import annotations

import json
import logging
import socketserver
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from suyuan.queries.api import Query
from suyuan.queries.over_socket import path as query_socket

_LONGEST_REQUEST = 1 << 16
_PATIENCE = 30.0
"""seconds that a client may keep us waiting"""
_FLUSH = 500
"""rows sent at once"""

log = logging.getLogger(__name__)


class QueryService:
    """Serves `queries` for the folder from `start` to `stop`, each client in a thread of its own."""

    def __init__(self, folder: Path, queries: Mapping[str, Query]) -> None:
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

    def __init__(self, path: Path, queries: Mapping[str, Query]) -> None:
        self.queries = queries
        self.stopping = False
        super().__init__(str(path), _Handler, bind_and_activate=False)
        self.server_bind()
        path.chmod(0o600)  # before listening: until then nobody can connect
        self.server_activate()


class _Handler(socketserver.StreamRequestHandler):
    timeout = _PATIENCE

    def handle(self) -> None:
        try:
            self._answer()
        except (BrokenPipeError, ConnectionError, TimeoutError):
            return  # the client went away, or does not read

    def _answer(self) -> None:
        try:
            asked = self.rfile.readline(_LONGEST_REQUEST)
            if not asked:
                return  # it only wanted to know whether somebody answers
            request = json.loads(asked)
            query = cast("_Server", self.server).queries[request["query"]]
            lines = []
            for row in query(**request["parameters"]):
                lines.append(_line({"row": row}))
                if len(lines) >= _FLUSH:
                    self.wfile.write(b"".join(lines))
                    lines.clear()
            self.wfile.write(b"".join([*lines, _line({"end": True})]))
        except (BrokenPipeError, ConnectionError, TimeoutError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one query, the service goes on
            if cast("_Server", self.server).stopping:
                return  # the tables are being closed; without an end the client knows that it is not through
            log.warning("query failed: %r", error)
            self.wfile.write(_line({"error": f"{type(error).__name__}: {error}"}))


def _line(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, default=str).encode() + b"\n"
