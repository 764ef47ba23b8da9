"""How the desks compare with their alert budget: figures of a running system, in both shapes."""

from __future__ import annotations

import time
from collections.abc import Callable

from suyuan.access.scope import EVERYTHING
from suyuan.queries.budget import OfDesks, alert_budget
from suyuan.queries.metrics import forget_desks, observe_desks
from suyuan.sinks.clickhouse import ClickHouse

LOOK_SECONDS = 60.0
"""between two calls of `look`, at most; and until the tables are asked first, since a start has other work for them"""
ASK_SECONDS = 300.0
"""between two questions to the tables, at least"""
SHARE = 100
"""one part in so many of the time is spent with the question, where that takes long"""


class DeskFigures:
    """`look` is to be called each LOOK_SECONDS or more often; it asks the tables each ASK_SECONDS, and large ones less
    often. `budget`: alerts a desk and day. `clock`: seconds. `now`: ms UTC.
    """

    def __init__(
        self,
        clickhouse: ClickHouse,
        budget: int,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._clickhouse = clickhouse
        self._budget = budget
        self._clock = clock
        self._now = now
        self._not_before = clock() + LOOK_SECONDS
        self._shown = False

    def look(self) -> None:
        """Ask the tables and set the figures, unless it is too early."""
        began = self._clock()
        if began < self._not_before:
            return
        found = alert_budget(self._clickhouse, EVERYTHING, OfDesks("", self._now(), self._budget))
        if found is not None:
            observe_desks(found)
            self._shown = True
        self._not_before = began + max(ASK_SECONDS, SHARE * (self._clock() - began))

    def leave(self) -> None:
        """Show no figures any more, where another process shows them now: those of before would stay as they are."""
        if self._shown:
            forget_desks()
            self._shown = False
            self._not_before = self._clock()
