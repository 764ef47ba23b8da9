"""Compares the clock of another machine with ours."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from suyuan.operations.checks.finding import Finding

SLACK_MS = 60_000


def against_newest(newest: int, whose: str = "the newest record") -> Finding:
    """Judged by the time (ms since the epoch) of the newest thing there; 0 or less: there is nothing. Only a clock that
    is ahead of ours is noticed: what is old may just be old.
    """
    now = time.time_ns() // 1_000_000
    if newest - now > SLACK_MS:
        return Finding("clock", "failed", f"{_utc(now)}, but {whose} is of {_utc(newest)}: set the clocks right")
    return Finding("clock", "ok", f"{_utc(now)}, {whose} is of {_utc(newest)}" if newest > 0 else _utc(now))


def against_now(theirs: int, whose: str) -> Finding:
    """Judged by the time (ms since the epoch) that the other machine says it is."""
    now = time.time_ns() // 1_000_000
    said = f"{_utc(now)}, {whose} says {_utc(theirs)}"
    if abs(theirs - now) > SLACK_MS:
        return Finding("clock", "failed", f"{said}: set the clocks right")
    return Finding("clock", "ok", said)


def _utc(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
