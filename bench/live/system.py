"""The product's own processes on a data folder, what they use, and what they count."""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from suyuan.access.principal import Role
from suyuan.operations.access import Wanted, append_access, key_granted
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 180.0
PORTAL = ("-m", "suyuan.portal", "--embedded", "--data")
RUN = ("-m", "suyuan.cli.main", "run", "--data")


@dataclass(frozen=True, slots=True)
class Portal:
    """One that answers, on a folder. `pid`: of its process."""

    folder: Path
    port: int
    pid: int

    def keys(self, count: int, role: Role, *, division: str | None = None, code: str | None = None) -> list[str]:
        """New ones, which count a tenth of a second later."""
        wanted, keys = Wanted(role, "bench", division=division, code=code), list[str]()
        with deployment_of(Settings(data=self.folder)).outlet() as outlet:
            for _ in range(count):
                key, granted = key_granted(wanted, "command", time.time_ns() // 1_000_000, secrets.token_bytes)
                append_access(lambda: nullcontext(outlet), granted)
                keys.append(str(key))
        return keys

    def counted(self, name: str) -> dict[str, float]:
        """A metric of Prometheus, by its labels as they are written."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=PATIENCE) as answer:
            text = answer.read().decode()
        found = re.findall(rf"^{name}(\{{.*\}})? (\S+)$", text, re.MULTILINE)
        return {labels: float(value) for labels, value in found}

    def seconds(self) -> float:
        """Of the processor, so far."""
        return seconds_of(self.pid)

    def wakeups(self) -> int:
        """How often one of its threads had waited for something and went on."""
        return sum(
            int(_field(task / "status", "voluntary_ctxt_switches")) for task in Path(f"/proc/{self.pid}/task").iterdir()
        )

    def mib(self) -> float:
        """Memory that it holds now."""
        return round(int(_field(Path(f"/proc/{self.pid}/status"), "VmRSS").split()[0]) / 1024, 1)


@contextmanager
def serving(command: tuple[str, ...], folder: Path, *, fsync: bool) -> Iterator[Portal]:
    """A portal that PORTAL or RUN starts on a folder; ended with it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    said = folder.with_suffix(".log")
    given = {"SUYUAN_PORTAL_PORT": str(port), "SUYUAN_METRICS_PORT": "0", "SUYUAN_FSYNC": str(fsync).lower()}
    with said.open("wb") as log:
        process = Popen(
            [sys.executable, *command, str(folder)], env=os.environ | given, cwd=ROOT, stdout=log, stderr=log
        )
    try:
        _await(port, process, said)
        yield Portal(folder, port, process.pid if command == PORTAL else portal_of(process.pid))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def drain(folder: Path, *, fsync: bool) -> None:
    """Process all that was published."""
    command = [sys.executable, *RUN, str(folder), "--once"]
    environment = os.environ | {"SUYUAN_FSYNC": str(fsync).lower(), "SUYUAN_METRICS_PORT": "0"}
    with Popen(command, env=environment, cwd=ROOT, stdout=sys.stderr) as process:
        if process.wait():
            raise RuntimeError(f"what was published was not processed: {process.returncode}")


def seconds_of(pid: int) -> float:
    """Processor time of a process without those that it has started."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def portal_of(pid: int) -> int:
    """The portal that a run has started. Raises RuntimeError."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread or a child that has just ended
            for child in (task / "children").read_text(encoding="ascii").split():
                if b"suyuan.portal" in Path(f"/proc/{child}/cmdline").read_bytes():
                    return int(child)
    raise RuntimeError("the run has no portal")


def _await(port: int, process: Popen[bytes], said: Path) -> None:
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=5):
            return
        time.sleep(0.1)
    raise RuntimeError(f"no portal answers: {said.read_text(encoding='utf-8', errors='replace')[-2_000:]}")


def _field(file: Path, name: str) -> str:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, ProcessLookupError):  # a thread that has just ended
        return "0"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(f"{name}:")), "0")
