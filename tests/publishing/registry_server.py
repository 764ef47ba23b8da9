"""A schema registry, as far as clients that read its subjects see one."""

from __future__ import annotations

import base64
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from suyuan.schemas.kinds import event_schema


class Registry(ThreadingHTTPServer):
    def __init__(self, password):
        super().__init__(("127.0.0.1", 0), _Answers)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.subjects = {}
        """subject → [(id, schema as text)]"""
        self.allowed = password and "Basic " + base64.b64encode(f"market:{password}".encode()).decode()
        self.broken = False
        self.bomb = None
        """what it answers instead, packed by gzip"""
        self.raw = None
        """answered to everything, if set"""

    def register(self, kind, number, *, avro=None):
        avro = avro or event_schema(kind).avro
        # as registries do, with other blanks than were sent
        self.subjects.setdefault(f"in.{kind}-value", []).append((number, json.dumps(avro, separators=(",", ":"))))


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        registry = self.server
        _, *parts = self.path.split("/")
        if registry.raw is not None:
            self._write(200, registry.raw)
        elif registry.broken:
            self._answer(500, {"error_code": 50001, "message": "the store is away"})
        elif registry.allowed and self.headers["Authorization"] != registry.allowed:
            self._answer(401, {"error_code": 40101, "message": "who are you?"})
        elif parts[1] not in registry.subjects:
            self._answer(404, {"error_code": 40401, "message": f"Subject '{parts[1]}' not found."})
        elif len(parts) == 3:
            self._answer(200, list(range(1, 1 + len(registry.subjects[parts[1]]))))
        else:
            number, schema = registry.subjects[parts[1]][int(parts[3]) - 1]
            self._answer(200, {"subject": parts[1], "version": int(parts[3]), "id": number, "schema": schema})

    def _answer(self, status, value):
        self._write(status, self.server.bomb or json.dumps(value).encode())

    def _write(self, status, body):
        self.send_response(status)
        if self.server.bomb:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def served(password=None):
    with Registry(password) as registry:
        thread = threading.Thread(target=registry.serve_forever)
        thread.start()
        try:
            yield registry
        finally:
            registry.shutdown()
            thread.join()
