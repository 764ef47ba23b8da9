"""Times and days as publishers write them."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

HOW_TO_WRITE = "write 2026-02-10T12:00:00+08:00"

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_CHINA = dt.timezone(dt.timedelta(hours=8))
_MILLISECOND = dt.timedelta(milliseconds=1)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATE_AND_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d", re.ASCII)
_OFFICE = re.compile(
    r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})日?)"
    r"(?:[T ]?(?:(上午|下午) ?)?(\d{1,2})[:时](?:(\d{1,2})(?:分|:(\d\d)(?:\.\d+)?)?(?:(?<=分)(\d{1,2})秒)?)?)?",
    re.ASCII,
)
_SHORT_YEAR = re.compile(r"\d{1,2}([-/.年])\d{1,2}[-/.月]\d{1,4}\b", re.ASCII)
_SPREADSHEET_NUMBER = re.compile(r"\d+(\.\d+)?[Ee]\+?\d+", re.ASCII)
_FRACTION = re.compile(r"\d+\.\d*", re.ASCII)


def instant(value: int | str) -> int:
    """Ms since the epoch, from a number of ms or from ISO 8601 date and time with an offset from UTC ('Z' or '+08:00');
    finer fractions are cut off. Whether an event may have that time is decided in `domain/moments.py`. Raises
    ValueError with the reason.
    """
    moment, assumed = _instant(value, office=False)
    if assumed:
        raise ValueError("an ISO 8601 time needs its offset from UTC, such as Z or +08:00")
    return moment


def instant_in_china(value: int | str) -> tuple[int, bool]:
    """(ms since the epoch, whether China time was assumed): what `instant` reads, and also a day or a time of day
    without an offset, as offices write them (2026/2/10, 2026年2月10日 9:30). A day is its first moment.
    """
    return _instant(value, office=True)


def day(text: str) -> dt.date:
    """The day of an ISO 8601 date, YYYY-MM-DD. Raises ValueError with the reason."""
    if _DAY.fullmatch(text):
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            pass
    raise ValueError("not a date YYYY-MM-DD")


def office_day(text: str) -> dt.date:
    """The day of an ISO 8601 date, or of one as offices write it (2026/2/10, 2026.2.10, 2026年2月10日); with a time of
    day only where it is midnight, as spreadsheets add. Raises ValueError with the reason.
    """
    try:
        return day(text)
    except ValueError:
        moment = _office(text)
    if moment is None:
        raise ValueError("not a date YYYY-MM-DD: write 2026-02-10, 2026/2/10 or 2026年2月10日")
    if moment.time() != dt.time():
        raise ValueError("a time of day, where only a day is meant: write 2026-02-10")
    return moment.date()


def _instant(value: int | str, *, office: bool) -> tuple[int, bool]:
    assumed = False
    if isinstance(value, str):
        moment = _from_iso(value) or (_office(value) if office else None)
        if moment is None:
            raise ValueError(_not_a_time(value))
        assumed = moment.tzinfo is None
        value = (moment.replace(tzinfo=moment.tzinfo or _CHINA) - _EPOCH) // _MILLISECOND
    if not -(1 << 63) <= value < 1 << 63:
        raise ValueError("outside the range of 64-bit integers")
    return value, assumed


def _from_iso(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text.upper()) if _DATE_AND_TIME.match(text) else None
    except ValueError:
        return None


def _office(text: str) -> dt.datetime | None:
    match = _OFFICE.fullmatch(" ".join(unicodedata.normalize("NFKC", text).split()))
    if match is None:
        return None
    year, _, month, day_, month_, day__, half, hour, minute, second, second_ = match.groups()
    at = int(hour or 0)
    if half and not 1 <= at <= 12:
        return None
    if half:
        at = at % 12 + (12 if half == "下午" else 0)
    clock = (at, int(minute or 0), int(second or second_ or 0))
    try:
        return dt.datetime(int(year), int(month or month_), int(day_ or day__), *clock)  # noqa: DTZ001 - China time
    except ValueError:
        return None


def _not_a_time(text: str) -> str:
    if _SPREADSHEET_NUMBER.fullmatch(text):
        return f"a number that a spreadsheet has shortened: format the column as text, and {HOW_TO_WRITE}"
    if _FRACTION.fullmatch(text):
        return f"a number with a fraction, neither ms since 1970 nor an ISO 8601 date and time: {HOW_TO_WRITE}"
    if _SHORT_YEAR.match(text):
        return f"a year of two digits, or day and month in another order: {HOW_TO_WRITE}"
    return f"neither ms since 1970 nor an ISO 8601 date and time: {HOW_TO_WRITE}"
