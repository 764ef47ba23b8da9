"""The HTTP front as a process that tests start, pause, kill and start again on the same folder and port."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from suyuan.sinks.clickhouse import ClickHouseSettings
from tests.ports import HeldPort

PROGRAM = Path(__file__).with_name("http_front.py")
PATIENCE = 120.0


class FrontProcess:
    """A ClickHouse at `127.0.0.1:port`, its tables in `folder`."""

    def __init__(self, folder: Path, environment: dict[str, str] | None = None) -> None:
        self.folder = folder
        self._held = HeldPort()
        self.port = self._held.number
        self._environment = os.environ | (environment or {})
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def settings(self) -> ClickHouseSettings:
        return ClickHouseSettings(host="127.0.0.1", port=self.port)

    def start(self) -> None:
        command = [sys.executable, str(PROGRAM), str(self.folder), str(self.port)]
        self.process = subprocess.Popen(command, env=self._environment)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert self.process.poll() is None, "the front did not start"
                assert time.monotonic() < deadline, "the front does not listen"
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """At once, whatever it does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    @contextmanager
    def paused(self):
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def fail(self, **faults: float) -> None:
        """See http_front; none given: no more."""
        self._ask("/faults", json.dumps(faults).encode())

    def inserts(self) -> dict[str, Any]:
        return json.loads(self._ask("/inserts"))

    def _ask(self, path: str, data: bytes | None = None) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", data, timeout=PATIENCE) as answer:
            return answer.read()
