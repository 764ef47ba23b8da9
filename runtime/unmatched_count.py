"""How many records match nothing, how many event ids say two things: figures of a running system, in both shapes."""

from __future__ import annotations

import time
from collections.abc import Callable

from suyuan.access.scope import EVERYTHING
from suyuan.queries.metrics import observe_reused_ids, observe_unmatched
from suyuan.queries.sql import GRACE_MS, UnmatchedFilter, count_reused_ids, count_unmatched
from suyuan.sinks.clickhouse import ClickHouse

COUNT_SECONDS = 60.0
SHARE = 20
"""one part in so many of the time is spent with counting, where that takes long"""


def settled() -> int:
    """A moment in ms since the epoch: what was taken in before it has waited long enough for the records that it
    names.
    """
    return time.time_ns() // 1_000_000 - GRACE_MS


class UnmatchedCount:
    """`look` is to be called each COUNT_SECONDS while the tables have all that was taken in; of large tables it counts
    less often.
    """

    def __init__(self, clickhouse: ClickHouse, clock: Callable[[], float] = time.monotonic) -> None:
        self._clickhouse = clickhouse
        self._clock = clock
        self._not_before = clock()

    def look(self) -> None:
        """Count the records and the ids of each kind, unless the last time took so long that it is too early."""
        began = self._clock()
        if began < self._not_before:
            return
        observe_reused_ids(count_reused_ids(self._clickhouse, EVERYTHING))
        observe_unmatched(count_unmatched(self._clickhouse, EVERYTHING, UnmatchedFilter(taken_in_before=settled())))
        self._not_before = began + SHARE * (self._clock() - began)
