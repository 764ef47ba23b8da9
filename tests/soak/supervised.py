"""A process that is started again when it ended, as a supervisor would do it; who ended it, and how often."""

from __future__ import annotations

import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass

RESTART_SECONDS = (1.0, 3.0)
"""after it ended by itself"""
END_SECONDS = 75.0
"""told to end, or stopped in the middle of that"""


class Failed(Exception):
    """What a soak cannot go on from, or must not."""


@dataclass(frozen=True, slots=True)
class End:
    """By itself. `status`: -9 for SIGKILL, say; `said`: its last line."""

    at: float
    name: str
    status: int
    said: str


class Supervised:
    """`begin`: starts the process. `said`: the end of its log. `chance`: draws when it is started again."""

    MOST_ENDS = 8
    """in a row, by itself, while nothing is done: then it is taken for one that cannot work"""

    def __init__(self, name, begin, said, chance):
        self.name = name
        self.process = None
        self.stands_still = False
        self.ends = []
        self.wanted = True
        self._begin = begin
        self._said = said
        self._chance = chance
        self._due = 0.0
        self._told_at = None
        self._away_for = 0.0
        self._in_a_row = 0
        self._done_then = -1

    @property
    def runs(self):
        return self.process is not None and self.process.poll() is None

    @property
    def works(self):
        return self.runs and not self.stands_still and self._told_at is None

    def start(self):
        self._told_at, self.stands_still, self.wanted = None, False, True
        self.process = self._begin()

    def kill(self, seconds):
        """It comes back after so many."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self._gone(seconds)

    def tell_to_end(self, seconds):
        """In order; it comes back so long after it has ended."""
        self._told_at, self._away_for = time.monotonic(), seconds
        self.process.send_signal(signal.SIGTERM)

    def stop(self):
        self.process.send_signal(signal.SIGSTOP)
        self.stands_still = True

    def go_on(self):
        if self.stands_still and self.runs:
            self.process.send_signal(signal.SIGCONT)
        self.stands_still = False

    def check(self, moment, done, *, excused):
        """Start what is due. `done`: messages done by all so far. `excused`: nothing can be done anyway. Gives the
        end, if it ended by itself; raises Failed when it does so again and again, or does not end when told to.
        """
        if self.process is None:
            if self.wanted and time.monotonic() >= self._due:
                self.start()
            return None
        status = self.process.poll()
        if status is None:
            if self._told_at is not None and time.monotonic() > self._told_at + END_SECONDS and not self.stands_still:
                raise Failed(f"{self.name} was told to end, and had not after {END_SECONDS:.0f} s")
            return None
        if self._told_at is not None and status in {0, -signal.SIGTERM}:
            self._gone(self._away_for)
            return None
        self._gone(self._chance.uniform(*RESTART_SECONDS))
        self.ends.append(end := End(moment, self.name, status, self.last_line()))
        if excused or done != self._done_then:
            self._in_a_row, self._done_then = 0, done
        self._in_a_row += 1
        if self._in_a_row == self.MOST_ENDS:
            raise Failed(f"{self.name} ended {self.MOST_ENDS} times while nothing was done: {end.said}")
        return end

    def begin_to_end(self):
        """For good, or until `start`."""
        self.wanted = False
        self.go_on()
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)

    def end(self, patience=END_SECONDS):
        """As `begin_to_end`, and wait. Its exit status; None when it was not there."""
        self.begin_to_end()
        process, self.process = self.process, None
        try:
            return None if process is None else process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise Failed(f"{self.name} was told to end, and had not after {patience:.0f} s") from None

    def last_line(self):
        return (self._said().strip().splitlines() or [""])[-1][:400]

    def end_at_once(self):
        self.wanted = False
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.kill()
            self.process.wait()

    def _gone(self, seconds):
        self.process, self.stands_still, self._told_at = None, False, None
        self._due = time.monotonic() + seconds
