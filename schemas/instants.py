"""Times and days as publishers write them."""

from __future__ import annotations

import datetime as dt
import re

from suyuan.schemas.limits import INSTANT_RANGE, MAX_INSTANT, MIN_INSTANT

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATE_AND_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d", re.ASCII)


def instant(value: int | str) -> int:
    """Ms since the epoch from itself, or from ISO 8601 date and time with an offset from UTC ('Z' or
    '+08:00'); finer fractions are cut off. Raises ValueError with the reason.
    """
    if isinstance(value, str):
        value = _from_iso(value)
    if not MIN_INSTANT <= value <= MAX_INSTANT:
        raise ValueError(INSTANT_RANGE)
    return value


def day(text: str) -> dt.date:
    """The day of an ISO 8601 date, YYYY-MM-DD. Raises ValueError with the reason."""
    if _DAY.fullmatch(text):
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            pass
    raise ValueError("not a date YYYY-MM-DD")


def _from_iso(text: str) -> int:
    try:
        moment = dt.datetime.fromisoformat(text.upper()) if _DATE_AND_TIME.match(text) else None
    except ValueError:
        moment = None
    if moment is None:
        raise ValueError("neither ms since 1970 nor an ISO 8601 date and time")
    if moment.tzinfo is None:
        raise ValueError("an ISO 8601 time needs its offset from UTC, such as Z or +08:00")
    return (moment - _EPOCH) // _MILLISECOND
