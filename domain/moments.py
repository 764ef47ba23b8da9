"""Which times an event may have, and how numbers that cannot be ms since 1970 are explained."""

from __future__ import annotations

import datetime as dt

from suyuan.domain.calendar import DAY_MS, china_day, days_after

FIRST_MOMENT = 946_684_800_000
"""2000-01-01T00:00:00Z, ms"""
LEEWAY_MS = 2 * DAY_MS
"""how far ahead of the log a publisher's clock may be"""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SERIAL_EPOCH = dt.date(1899, 12, 30)
_SERIAL_DAYS = range(36_526, 73_415)
"""2000-01-01 to 2100-12-31, as spreadsheets count days"""
_UNITS = (
    (1000, 1, "seconds", "multiply by 1,000"),
    (1, 1000, "microseconds", "divide by 1,000"),
    (1, 1_000_000, "nanoseconds", "divide by 1,000,000"),
)


def wrong_moment(at: int, taken_at: int, *, shown: bool = True) -> str | None:
    """Why an event that the log took at `taken_at` cannot have happened `at` (both ms since the epoch), and what to do;
    None where it can. `shown`: whether the reason may quote the value.
    """
    if FIRST_MOMENT <= at <= taken_at + LEEWAY_MS:
        return None
    if not shown:
        return "is before 2000-01-01 or more than two days after the log took it: mend the unit, the year or the clock"
    for factor, divisor, unit, remedy in _UNITS:
        if FIRST_MOMENT <= (ms := at * factor // divisor) <= taken_at + LEEWAY_MS:
            return f"{at} is not ms but {unit} (of {_iso(ms)}): {remedy}"
    if (date := _date(at)) is not None:
        return f"{at} is a date in digits, not ms since 1970: write {date}T00:00:00+08:00, with the time of day"
    if at in _SERIAL_DAYS:
        day = _SERIAL_EPOCH + dt.timedelta(days=at)
        return f"{at} is a spreadsheet's number of the day {day}, not ms since 1970: write {day}T00:00:00+08:00"
    said = f"{at} ({_iso(at)}) is"
    if at < FIRST_MOMENT:
        return f"{said} before 2000-01-01: write ms since 1970, or ISO 8601 with its offset"
    return (
        f"{said} more than two days after {_iso(taken_at)}, when the log took it: mend the year, the unit or the clock"
    )


def wrong_past(day: dt.date, at: int) -> bool:
    """Whether a day of the past is later than the day after that on which the event happened (`at`, ms since the
    epoch), in China.
    """
    return day > days_after(china_day(at), 1)


def _date(number: int) -> dt.date | None:
    """The date of a number such as 20260210 or 20260210120000."""
    digits = str(number)
    if len(digits) not in {8, 14}:
        return None
    try:
        return dt.datetime.strptime(digits, "%Y%m%d" if len(digits) == 8 else "%Y%m%d%H%M%S").date()  # noqa: DTZ007
    except ValueError:
        return None


def _iso(ms: int) -> str:
    try:
        return f"{_EPOCH + dt.timedelta(milliseconds=ms):%Y-%m-%dT%H:%M:%SZ}"
    except OverflowError:
        return "beyond the year 9999"
