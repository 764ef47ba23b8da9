"""ClickHouse's HTTP interface over chdb, for tests: what clickhouse-connect sends and expects, and faults on request.

Run as a program: `http_front.py FOLDER PORT`, a process of its own (chdb: one process per folder), to be killed and
paused like a server. `user:password` in FRONT_ACCOUNT is asked for; FRONT_CERTIFICATE (a PEM file, key and
certificate) makes it HTTPS.

    POST /faults   {"reset": 1}   the next insert is done, and its connection reset before the answer
                   {"unavailable": 2}   503 to the next two requests
                   {"bad_gateway": 1}   502 without ClickHouse's headers, as a proxy says it
                   {"slow": 5.0}   the next insert takes so many seconds longer
    GET /inserts   {"tokens": [...], "rows": n}   what inserts came, repeats too
"""

from __future__ import annotations

import base64
import http.server
import json
import os
import re
import socket
import ssl
import struct
import sys
import tempfile
import threading
import time
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import chdb
import cramjam

INSERT = re.compile(rb"\s*(?P<into>INSERT\s+INTO\s+[^\n]*?)\s+FORMAT\s+(?P<format>\w+)[ \t]*\r?\n?", re.IGNORECASE)
FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
NOT_SETTINGS = frozenset(
    {
        *("query", "query_id", "database", "user", "password", "role", "quota_key", "default_format", "buffer_size"),
        *("session_id", "session_timeout", "session_check", "client_protocol_version"),
        *("compress", "decompress", "wait_end_of_query"),
    }
)
ENCODINGS = {"lz4": cramjam.lz4, "zstd": cramjam.zstd, "gzip": cramjam.gzip}
STATUS = {516: 403, 60: 404, 81: 404, 62: 400, 439: 503}


class Front(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, folder: str, port: int) -> None:
        self.folder = folder
        self.account = os.environ.get("FRONT_ACCOUNT", "")
        self.keep = chdb.connect(folder)  # the engine stays for as long as a connection does
        self.lock = threading.Lock()
        self.faults: dict[str, float] = {}
        self.tokens: list[str] = []
        self.rows = 0
        super().__init__(("127.0.0.1", port), Handler)
        if certificate := os.environ.get("FRONT_CERTIFICATE"):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def take(self, fault: str) -> float:
        """One occurrence of a fault, if any is left; the seconds of a slow one."""
        with self.lock:
            left = self.faults.pop(fault, 0)
            if fault != "slow" and left > 1:
                self.faults[fault] = left - 1
            return left

    def handle_error(self, *_arguments: Any) -> None:
        """Clients go away in these tests."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Front

    def log_message(self, *_arguments: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.serve(b"")

    def do_POST(self) -> None:
        self.serve(self.body())

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            data = b"".join(parts)
        else:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        encoding = ENCODINGS.get(self.headers.get("Content-Encoding", ""))
        return data if encoding is None else bytes(encoding.decompress(data))

    def serve(self, body: bytes) -> None:
        url = urlsplit(self.path)
        if url.path == "/ping":
            self.answer(200, b"Ok.\n")
        elif url.path == "/faults":
            self.server.faults = json.loads(body)
            self.answer(200, b"")
        elif url.path == "/inserts":
            self.answer(200, json.dumps({"tokens": self.server.tokens, "rows": self.server.rows}).encode())
        elif self.server.take("unavailable"):
            self.answer(503, b"Code: 159. DB::Exception: overloaded")
        elif self.server.take("bad_gateway"):
            self.answer(502, b"<html>bad gateway</html>")
        elif not self.allowed():
            self.refuse("Code: 516. DB::Exception: Authentication failed. (AUTHENTICATION_FAILED)")
        else:
            self.query(dict(parse_qsl(url.query, keep_blank_values=True)), body)

    def allowed(self) -> bool:
        given = self.headers.get("Authorization", "").removeprefix("Basic ")
        return not self.server.account or base64.b64decode(given).decode() == self.server.account

    def query(self, given: dict[str, str], body: bytes) -> None:
        if self.headers.get_content_type() == "multipart/form-data":
            given |= form(self.headers["Content-Type"], body)
            body = b""
        text = given.pop("query", "").encode()
        statement, data = (text, body) if text else (body, b"")
        connection = chdb.connect(self.server.folder)  # of its own: settings and database last for this request
        try:
            prepare(connection, given)
            if insert := INSERT.match(statement):
                self.insert(connection, insert, data or statement[insert.end() :], given)
            else:
                self.select(connection, statement.decode(), given)
        except RuntimeError as error:  # ChdbError is one
            self.refuse(str(error))
        finally:
            connection.close()

    def insert(self, connection: Any, insert: re.Match[bytes], data: bytes, given: dict[str, str]) -> None:
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            into, form_of = insert["into"].decode(), insert["format"].decode()
            done = connection.query(f"{into} FROM INFILE '{file.name}' FORMAT {form_of}", "TabSeparated")
        with self.server.lock:
            self.server.tokens.append(given.get("insert_deduplication_token", ""))
            self.server.rows += done.rows_read()
        time.sleep(self.server.take("slow"))
        if self.server.take("reset"):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        self.answer(200, b"", summary(done))

    def select(self, connection: Any, statement: str, given: dict[str, str]) -> None:
        named = FORMAT.search(statement)
        form_of = named[1] if named else given.get("default_format", "TabSeparated")
        bound = {name.removeprefix("param_"): value for name, value in given.items() if name.startswith("param_")}
        done = connection.query(statement, form_of, params=bound)
        headers = summary(done) | {"X-ClickHouse-Format": form_of, "X-ClickHouse-Timezone": "UTC"}
        data = done.bytes() or b""
        accepted = [name.strip() for name in self.headers.get("Accept-Encoding", "").split(",")]
        encoding = next((name for name in accepted if name in ENCODINGS), None)
        if encoding and given.get("enable_http_compression") == "1" and data:
            headers["Content-Encoding"] = encoding
            data = bytes(ENCODINGS[encoding].compress(data))
        self.answer(200, data, headers)

    def refuse(self, message: str) -> None:
        found = re.search(r"Code: (\d+)", message)
        code = int(found[1]) if found else 1
        self.answer(STATUS.get(code, 500), message.encode(), {"X-ClickHouse-Exception-Code": str(code)})

    def answer(self, status: int, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(data))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def prepare(connection: Any, given: dict[str, str]) -> None:
    """The database and the settings that a request names."""
    if database := given.get("database"):
        connection.query(f"USE `{database}`")
    settings = {name: value for name, value in given.items() if name not in NOT_SETTINGS and name[:6] != "param_"}
    if settings:
        quoted = ((name, value.replace("\\", "\\\\").replace("'", "\\'")) for name, value in settings.items())
        connection.query("SET " + ", ".join(f"{name} = '{value}'" for name, value in quoted))


def summary(done: Any) -> dict[str, str]:
    """As a server counts: rows that materialized views wrote are among the written ones."""
    figures = {"read_rows": str(done.rows_read()), "written_rows": str(done.rows_written())}
    return {"X-ClickHouse-Summary": json.dumps(figures), "X-ClickHouse-Query-Id": "front"}


def form(content_type: str, body: bytes) -> dict[str, str]:
    """Fields of a multipart form."""
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    return {
        part.get_param("name", header="content-disposition"): part.get_payload(decode=True).decode()
        for part in message.iter_parts()
    }


if __name__ == "__main__":
    Front(sys.argv[1], int(sys.argv[2])).serve_forever()
