"""Whether events of some time ago are read: at a start after a rest, in a rebuild, behind a large file.

Then people are told of what follows from them when all of it is read. All times are the log's: the newest that anything
read here was appended at, be it an event or what another stage sent, is what old is compared with.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from suyuan.streams.stage import Run

OLD_MS = 5_000
"""an event that was appended so long before the newest message is an old one"""
CALM_SECONDS = 0.5
"""after the last old event was read it is quiet again: until then the stages may have it in work"""


class Quiet:
    """What the stages of a process have read. Not for several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._newest = 0
        self._read: dict[tuple[str, int], tuple[float, int]] = {}
        """by partition, of the events that were read last: when, and when the log had taken them"""

    def note(self, run: Run, *, events: bool) -> None:
        """Note that a run is read. `events`: it is of a topic of events."""
        at = run.timestamps[-1]
        self._newest = max(self._newest, at)
        if events:
            self._read[run.topic, run.partition] = self._clock(), at

    def before(self) -> int:
        """What the log took before this, ms, waits; 0: nothing does."""
        old, since = self._newest - OLD_MS, self._clock() - CALM_SECONDS
        return old if any(read >= since and at < old for read, at in self._read.values()) else 0
