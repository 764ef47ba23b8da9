"""Ports of 127.0.0.1 that are spoken for."""

from __future__ import annotations

import socket
import sys


class HeldPort:
    """A port that the system gives to nobody else as long as this is kept, for a server that asks for it by number.

    Until that server listens, and whenever it does not run, connections are refused.
    """

    def __init__(self) -> None:
        # bound, but not listened on: servers that set SO_REUSEADDR, as Python's do, may bind it too (on Linux)
        self._holds = socket.socket()
        self._holds.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._holds.bind(("127.0.0.1", 0))
        self.number: int = self._holds.getsockname()[1]
        if sys.platform != "linux":
            self._holds.close()
