"""How many records match nothing: a figure taken each minute in both shapes."""

from __future__ import annotations

import time

from suyuan.sinks.clickhouse import ClickHouse
from suyuan.sinks.metrics import observe_unmatched
from suyuan.sinks.queries import GRACE_MS, UnmatchedFilter, count_unmatched

COUNT_SECONDS = 60.0


def settled() -> int:
    """What was taken in before that (ms) has waited long enough for what it names."""
    return time.time_ns() // 1_000_000 - GRACE_MS


def observe(clickhouse: ClickHouse) -> None:
    """Count them, by kind. To be called while the tables have all that was taken in."""
    observe_unmatched(count_unmatched(clickhouse, UnmatchedFilter(taken_in_before=settled())))
