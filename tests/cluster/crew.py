"""The workers of a cluster, by name: they come, go, die, and stand still."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from pathlib import Path

PATIENCE_SECONDS = 180


class Crew:
    """A name that comes again finds the state folder that it left."""

    def __init__(self, cluster):
        self._cluster = cluster
        self._processes = {}
        self.started = self.killed = self.stopped = 0

    @property
    def names(self):
        """Of those that run."""
        return sorted(self._processes)

    def who_has(self, stage, partition):
        """The name of the one that works there: its state is open for one process alone."""
        wanted = f"/{stage}-state-{partition}.db/"
        (name,) = (name for name, process in self._processes.items() if any(wanted in file for file in _open(process)))
        return name

    def start(self, *names):
        for name in names:
            self._processes[name] = self._cluster.begin_worker(name)
            self.started += 1

    def wait_at_work(self, *names):
        """Until they have joined the group and have their state."""
        for name in names:
            self._until(lambda name=name: "suyuan works on" in self._cluster.said(name), name)

    def kill(self, *names):
        for name in names:
            process = self._alive(name)
            process.kill()
            process.wait()
            del self._processes[name]
            self.killed += 1

    def stop(self, *names):
        """All at once, as an operator would: each must end well, but one that is still loading may just end."""
        for name in names:
            self._alive(name).send_signal(signal.SIGTERM)
        for name in names:
            status, said = self._processes.pop(name).wait(PATIENCE_SECONDS), self._cluster.said(name)
            assert status == 0 or (status == -signal.SIGTERM and not said), said
            self.stopped += 1

    def pause(self, name):
        self._alive(name).send_signal(signal.SIGSTOP)

    def resume(self, name):
        self._processes[name].send_signal(signal.SIGCONT)

    def wait_ended(self, name):
        """Its exit status, once it ended by itself."""
        return self._processes.pop(name).wait(PATIENCE_SECONDS)

    def check(self):
        """None ended by itself."""
        for name in self.names:
            self._alive(name)

    def _alive(self, name):
        process = self._processes[name]
        assert process.poll() is None, self._cluster.said(name)
        return process

    def _until(self, holds, name):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            self._alive(name)
            assert time.monotonic() < deadline, self._cluster.said(name)
            time.sleep(0.05)


def _open(process):
    """The files that a process has open, by what Linux says of it."""
    for number in Path(f"/proc/{process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since
            yield str(number.readlink())
