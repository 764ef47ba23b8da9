"""Days in China Standard Time (UTC+8, without summer time since 1992)."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import polars as pl

DAY_MS = 86_400_000
OFFSET_MS = 8 * 3_600_000
_EPOCH = dt.date(1970, 1, 1)
_FIRST, _LAST = ((day - _EPOCH).days for day in (dt.date.min, dt.date.max))


def china_day(ms: int) -> dt.date:
    """The day in China of an instant in ms since the epoch; beyond years 1 to 9999 their first or last day."""
    return _day((ms + OFFSET_MS) // DAY_MS)


def days_after(day: dt.date, days: int) -> dt.date:
    """The day so many days later, or earlier; beyond years 1 to 9999 their first or last day."""
    return _day((day - _EPOCH).days + days)


@lru_cache(maxsize=4096)
def _day(number: int) -> dt.date:
    return _EPOCH + dt.timedelta(days=min(max(number, _FIRST), _LAST))


def china_day_expr(instants: pl.Expr | str) -> pl.Expr:
    """Expression for the day in China (Date) of a column of ms since the epoch (Int64); null for null."""
    column = pl.col(instants) if isinstance(instants, str) else instants
    return ((column + OFFSET_MS) // DAY_MS).clip(_FIRST, _LAST).cast(pl.Int32).cast(pl.Date)


def day_start_ms(day: dt.date) -> int:
    """The first instant of a day in China, in ms since the epoch."""
    return (day - _EPOCH).days * DAY_MS - OFFSET_MS
