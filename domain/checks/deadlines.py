"""The days that there are for something after a spot check, each with the source that it is from
(`deadlines.toml`). An operator has a file of their own where rules differ.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from importlib import resources

import msgspec

from suyuan.domain.calendar import days_after

_SATURDAY = 5


class Deadline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`working`: Saturdays and Sundays do not count. Public holidays, and the weekends that are worked for them, are
    announced for each year and not known here: around them the day that is told may be another.
    """

    days: int
    working: bool
    source: str

    def last_day(self, since: dt.date) -> dt.date:
        """The last day on which there is still time; the day itself does not count."""
        if not self.working:
            return days_after(since, self.days)
        day, left = since, self.days
        while left:
            day = days_after(day, 1)
            left -= day.weekday() < _SATURDAY
        return day


class Deadlines(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`told`: whom the result concerns, after it; `objection`: after being told; `mended` and `rechecked`: after the
    order to mend.
    """

    told: Deadline
    objection: Deadline
    mended: Deadline
    rechecked: Deadline


def read_deadlines(text: str) -> Deadlines:
    """Those of a file. Raises msgspec.DecodeError."""
    return msgspec.toml.decode(text, type=Deadlines)


@cache
def built_in_deadlines() -> Deadlines:
    """The defaults."""
    return read_deadlines(resources.files(__package__).joinpath("deadlines.toml").read_text(encoding="utf-8"))
