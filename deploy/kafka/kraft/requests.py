"""The few requests that tell whether a broker really answers, byte by byte as Kafka's protocol guide has them."""

from __future__ import annotations

import socket
import ssl
import struct
from typing import Self

API_VERSIONS, METADATA, FIND_COORDINATOR = 18, 3, 10
PATIENCE = 10.0  # seconds for one answer


class Unanswered(Exception):
    """The broker did not answer (yet), or not with what was asked for."""


class Inquiry:
    """One connection to a broker on 127.0.0.1; every method raises `Unanswered`."""

    def __init__(self, port: int, tls: ssl.SSLContext | None = None) -> None:
        try:
            self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
            if tls is not None:
                self._socket = tls.wrap_socket(self._socket, server_hostname="127.0.0.1")
        except OSError as error:
            raise Unanswered(str(error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def api_versions(self) -> int:
        """How many kinds of requests the broker knows."""
        error, count = struct.unpack_from(">hi", self._ask(API_VERSIONS, 0, b""))
        if error:
            raise Unanswered(f"ApiVersions: error {error}")
        return int(count)

    def brokers(self) -> set[int]:
        """The node ids that the broker holds to be alive."""
        answer = self._ask(METADATA, 1, struct.pack(">i", 0))  # of no topic
        (count,) = struct.unpack_from(">i", answer)
        found, at = set(), 4
        for _ in range(count):
            node, length = struct.unpack_from(">ih", answer, at)
            at += 6 + length + 4  # host, port
            (length,) = struct.unpack_from(">h", answer, at)
            at += 2 + max(length, 0)  # rack
            found.add(node)
        return found

    def coordinator(self) -> int:
        """The node id of some group's coordinator: the topic of the groups' offsets is made by asking for one."""
        name = b"suyuan"
        error, node = struct.unpack_from(">hi", self._ask(FIND_COORDINATOR, 0, struct.pack(">h", len(name)) + name))
        if error:
            raise Unanswered(f"FindCoordinator: error {error}")
        return int(node)

    def _ask(self, api: int, version: int, body: bytes) -> bytes:
        """The answer behind its correlation id."""
        request = struct.pack(">hhih", api, version, 1, -1) + body
        try:
            self._socket.sendall(struct.pack(">i", len(request)) + request)
            (length,) = struct.unpack(">i", self._read(4))
            return self._read(length)[4:]
        except OSError as error:
            raise Unanswered(str(error)) from error

    def _read(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            part = self._socket.recv(length - len(data))
            if not part:
                raise Unanswered("the broker closed the connection")
            data += part
        return data
