"""Complaints about a listing: which count on which day, and when they cease to."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from suyuan.domain.calendar import china_day, days_after
from suyuan.domain.keys import SEPARATOR
from suyuan.domain.rules.columns import COUNTERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from suyuan.streams.stages.risk.kept import Complaint, Said

EXPIRES = f"leave{SEPARATOR}".encode()
_LONGEST = max(COUNTERS.values())


def note(said: Said, key: str, complaint: Complaint) -> None:
    """Keep a version of a complaint if it is newer than what is known of it."""
    known = said.complaints.get(key)
    if known is None or known.recency < complaint.recency:
        said.complaints[key] = complaint


def forget(said: Said, day: dt.date) -> None:
    """Drop complaints that no counter can reach any more, since no day goes back."""
    if day != dt.date.min:
        reached = days_after(day, -_LONGEST)
        said.complaints = {
            key: complaint for key, complaint in said.complaints.items() if china_day(complaint.occurred_at) > reached
        }


def counted(complaints: Iterable[Complaint], listed_on: dt.date, day: dt.date) -> dict[str, list[str]]:
    """Counter -> evidence ids of the complaints that it counts.

    Today is the latest of the day known, the listing's own and the complaints'; a counter of n days looks at
    the days after today - n, today included.
    """
    dated = [(china_day(one.occurred_at), one.evidence) for one in complaints if not one.gone]
    today = max(day, listed_on, *(on for on, _ in dated)) if dated else day
    return {
        counter: sorted(evidence for on, evidence in dated if (today - on).days < days)
        for counter, days in COUNTERS.items()
    }


def window_expiries(complaint: Complaint, listing_key: str, day: dt.date) -> Iterator[bytes]:
    """State keys for the days to come on which the complaint leaves a counter's window."""
    on = china_day(complaint.occurred_at)
    for days in COUNTERS.values():
        leaves = days_after(on, days)
        if leaves > day:
            yield EXPIRES + f"{leaves}{SEPARATOR}{listing_key}".encode()


def parse_expiry(key: bytes) -> tuple[str, str]:
    """(ISO date, listing key) of a state key that `window_expiries` made."""
    _, date, listing_key = key.decode().split(SEPARATOR, 2)
    return date, listing_key
