"""Portals as processes of their own, beside what they are for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx

from tests import prepared
from tests.ports import HeldPort

PATIENCE = 180.0


class Started:
    """A command of suyuan's on a data folder, whose portal is served on a port of its own."""

    def __init__(self, folder, *command, **environment):
        self._held = HeldPort()
        self.port = self._held.number
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = Path(folder)
        self._command = [sys.executable, "-m", "suyuan.cli.main", *command]
        self._environment = {
            **os.environ,
            "SUYUAN_DATA": str(folder),
            "SUYUAN_PORTAL_PORT": str(self.port),
            "SUYUAN_FSYNC": "false",
            **environment,
        }
        self.process = None

    def start(self):
        self.errors = self.folder.with_suffix(f".{time.monotonic_ns()}.log").open("w+b")
        self.process = prepared.Popen(
            self._command, env=self._environment, stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors
        )
        return self

    def said(self):
        return Path(self.errors.name).read_text(encoding="utf-8")

    def get(self, path, key=None):
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.get(self.url + path, headers=headers, timeout=PATIENCE, trust_env=False)

    def answers(self):
        try:
            return self.get("/livez").status_code == 200
        except httpx.TransportError:
            return False

    def wait(self, met):
        until = time.monotonic() + PATIENCE
        while not met():
            assert time.monotonic() < until, self.said()
            time.sleep(0.05)

    def portal_pid(self):
        """Of the run's child, by what Linux says of the process; None: there is none now."""
        children = Path(f"/proc/{self.process.pid}/task")
        for task in children.iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):  # a thread or a child that has just ended
                for pid in (task / "children").read_text().split():
                    if b"suyuan.portal" in Path(f"/proc/{pid}/cmdline").read_bytes():
                        return int(pid)
        return None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.kill()
        return None if self.process is None else self.process.returncode
