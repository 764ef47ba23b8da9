"""How far the stages are, each second: what is left, and which partition stood still for how long."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass

from kafka.admin import OffsetSpec
from kafka.errors import KafkaError

from suyuan.errors import SuyuanError
from suyuan.operations.consumer_lag import GroupLag

POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Stall:
    """A partition with something left to do of which nothing was done. `at`: when that began, seconds of the market."""

    seconds: float = 0.0
    partition: str = ""
    at: float = 0.0


class Stalls:
    """Fed with what a group has committed; `longest` of all, `now` of those that last."""

    def __init__(self):
        self.longest = Stall()
        self.now = Stall()
        self._since = {}
        self._committed = {}

    def note(self, progress, moment, *, excused):
        """`progress`: {(topic, partition): (committed, end)}. `excused`: nothing could have been done meanwhile."""
        self.now = Stall()
        for at, (committed, end) in progress.items():
            moved = self._committed.get(at) != committed
            self._committed[at] = committed
            if committed >= end:
                self._since.pop(at, None)
                continue
            if moved or excused:
                self._since[at] = moment
            stall = Stall(moment - self._since.setdefault(at, moment), f"{at[0]}-{at[1]}", self._since[at])
            self.now = max(self.now, stall, key=lambda each: each.seconds)
        self.longest = max(self.longest, self.now, key=lambda each: each.seconds)

    def excuse(self, moment):
        self._since = dict.fromkeys(self._since, moment)


class Progress(threading.Thread):
    """`excused`: whether nothing can be done now: the broker is away, or nobody works."""

    def __init__(self, connection, group, topics, began, excused):
        super().__init__(daemon=True)
        self.stalls = Stalls()
        self.done = 0
        self.hidden = {}
        """partitions with an open transaction, and the moment since when it is the same one"""
        self._left = None
        """when it was asked, and messages that were yet to be done"""
        self._ask = connection, group, topics
        self._began = began
        self._excused = excused
        self._ended = threading.Event()

    def run(self):
        lag = None
        while not self._ended.wait(POLL_SECONDS):
            asked = time.monotonic() - self._began
            try:
                lag = lag or GroupLag(*self._ask)
                found = lag.progress()
                hidden = _hidden(lag, found)
                self.hidden = {at: self.hidden.get(at, asked) for at in hidden}
            except (SuyuanError, KafkaError, OSError):
                self._left = None
                self.stalls.excuse(time.monotonic() - self._began)
                continue
            self.done = sum(seen.committed for seen in found.values())
            self.stalls.note(
                {at: (seen.committed, seen.end) for at, seen in found.items()}, asked, excused=self._excused()
            )
            self._left = asked, sum(max(0, seen.end - seen.committed) for seen in found.values()) + sum(hidden.values())
        if lag is not None:
            with suppress(Exception):
                lag.close()

    def drained(self, since):
        """Whether all is done that was sent before that moment."""
        left = self._left
        return left is not None and left[0] > since and left[1] == 0

    def end(self):
        self._ended.set()
        self.join(30)


def _hidden(lag, found):
    """{(partition, first offset): how many messages} behind the begin of a transaction that nobody has ended: the group
    does not see them, and is at its end all the same.
    """
    ends = lag._client.list_partition_offsets(dict.fromkeys(lag._partitions, OffsetSpec.LATEST))
    shown = {at: found[at.topic, at.partition].end for at in lag._partitions}
    return {(at, shown[at]): ends[at].offset - shown[at] for at in lag._partitions if ends[at].offset > shown[at]}
