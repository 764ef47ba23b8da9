"""The processes of a contestant: started, held still, let go, measured, ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


class Processes:
    """Each command in a session of its own; what it starts in turn counts as its own."""

    def __init__(self, commands: Sequence[Sequence[str]], logs: Path) -> None:
        """Starts them; their output goes to `logs`/N.log."""
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = [logs / f"{number}.log" for number in range(len(commands))]
        self._children = [_started(command, log) for command, log in zip(commands, self._logs, strict=True)]

    def check(self) -> None:
        """RuntimeError, with the end of its log, when one of them has ended."""
        for child, log in zip(self._children, self._logs, strict=True):
            if child.poll() is not None:
                lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
                raise RuntimeError("\n".join([f"{child.args} ended with {child.returncode}:", *lines[-30:]]))

    def hold(self) -> None:
        """Stand still."""
        self._signal(signal.SIGSTOP)

    def let_go(self) -> None:
        """Go on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL, no warning; returns when they are gone."""
        self._signal(signal.SIGKILL)
        for child in self._children:
            child.wait()

    def end(self, patience: float = 20.0) -> None:
        """SIGTERM, and after `patience` seconds SIGKILL."""
        self.let_go()
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + patience
        for child in self._children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))
        self.kill()

    def cpu_seconds(self) -> float:
        """User and system time of all of them so far."""
        return sum(sum(map(int, fields[11:15])) for fields in self._stats()) / _TICK

    def peak_mib(self) -> int:
        """Sum of the processes' own peaks of resident memory."""
        total = 0
        for fields in self._stats():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                for line in Path(f"/proc/{fields[-1]}/status").read_text(encoding="utf-8").splitlines():
                    if line.startswith("VmHWM"):
                        total += int(line.split()[1])
        return total >> 10

    def _stats(self) -> Iterator[list[str]]:
        """Fields of /proc/PID/stat from the state on, the pid last, of every process in the sessions."""
        sessions = {str(child.pid) for child in self._children}
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    fields = (folder / "stat").read_text(encoding="utf-8").rpartition(") ")[2].split()
                    if fields[3] in sessions:
                        yield [*fields, folder.name]

    def _signal(self, number: signal.Signals) -> None:
        for child in self._children:
            if child.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, number)


def _started(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
