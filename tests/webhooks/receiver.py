"""A receiver of webhooks on this machine, which answers as it is told."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress


class Receiver:
    """`answers`: bytes to send for each request in turn, the last one again and again; None: nothing, ever; a tuple:
    part after part, slowly.
    """

    def __init__(self, *answers, context: ssl.SSLContext | None = None):
        self.answers = list(answers) or [OK]
        self.requests = []
        self._context = context
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._ended = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/hook"

    def _accept(self):
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection):
        with suppress(OSError), connection:
            stream = connection if self._context is None else self._context.wrap_socket(connection, server_side=True)
            head, body = _request(stream)
            self.requests.append((head, body))
            answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
            if answer is None:
                self._ended.wait()
            elif isinstance(answer, tuple):
                for part in answer:
                    stream.sendall(part)
                    if self._ended.wait(0.05):
                        break
            else:
                stream.sendall(answer)
            stream.close()

    def headers(self, number=-1):
        lines = self.requests[number][0].split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines) if name}

    def close(self):
        self._ended.set()
        self._listening.shutdown(socket.SHUT_RDWR)  # else the thread that accepts would accept once more
        self._listening.close()


def _request(stream):
    data = b""
    while b"\r\n\r\n" not in data:
        part = stream.recv(65_536)
        if not part:
            raise OSError("the request broke off")
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += stream.recv(65_536)
    return head.decode(), body


def answer(status, *headers, body=b""):
    lines = [f"HTTP/1.1 {status} x", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


OK = answer(204)
