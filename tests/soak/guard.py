"""Ends the processes that it was told of, once whoever told it has ended: even when that one was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path


class Guard:
    """`with` it, until all that it watches has ended."""

    def __enter__(self):
        self._process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, start_new_session=True)
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait()

    def watch(self, process):
        self._process.stdin.write(f"{process.pid} {began(process.pid)}\n".encode())
        self._process.stdin.flush()
        return process


def began(pid):
    """When a process began, in ticks: with its pid it names the process for good. None where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()[19]
    except OSError:
        return None


def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for pid, then in [line.split() for line in sys.stdin]:
        if began(pid) == then:
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


if __name__ == "__main__":
    main()
