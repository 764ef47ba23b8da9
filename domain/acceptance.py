"""Which events count: what everybody who publishes asks before an event is appended, and intake asks again.

An event that has the form of its kind is refused all the same where accepting it would do harm: it names itself or its
publisher by nothing, it moves the day, or it carries who complained.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from suyuan.domain.calendar import china_day, days_after
from suyuan.domain.identifiers.uscc import normalise

SYSTEM = "SUYUAN"
"""the running system itself, as a publisher"""

_PSEUDONYM = re.compile(r"p[0-9a-f]{32}")
_UNSEEN = ("Cc", "Cf")
_PLAIN = r"[!-~]"
_REMEDIES = {
    "event_id": "give each event an id of its own",
    "publisher": "name the publisher by its credit code",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """`reason` says what is wrong and what to do about it, and never holds the value of a complaint."""

    field: str
    reason: str


def refusal(kind: str, event: Mapping[str, Any], taken_at: int) -> Refusal | None:
    """Why an event is not accepted; None where it is. `taken_at`: ms since the epoch when the log took it, before that
    the publisher's clock.
    """
    for name, remedy in _REMEDIES.items():
        if not _bare(event[name]):
            return Refusal(name, f"is empty (blanks, control and format characters do not count): {remedy}")
    if kind == "day":
        return _wrong_day(event, taken_at)
    if kind == "complaint" and _PSEUDONYM.fullmatch(event["complainant"]) is None:
        return Refusal(
            "complainant",
            "is no pseudonym (p and 32 digits 0-9 a-f): put one in the place of whoever complained before publishing",
        )
    return None


def refusals(kind: str, rows: pl.DataFrame, taken_at: Sequence[int]) -> Iterator[tuple[int, Refusal]]:
    """(row, why) of those of the rows that are not accepted, ascending. `taken_at`: of each row."""
    if kind in {"day", "complaint"}:
        looked_at = list(range(rows.height))
    else:  # most ids have a plain character, and that decides it
        plain = (pl.col(name).str.contains(_PLAIN).fill_null(value=False) for name in _REMEDIES)
        looked_at = rows.select((~pl.all_horizontal(plain)).arg_true()).to_series().to_list()
    for row in looked_at:
        refused = refusal(kind, rows.row(row, named=True), taken_at[row])
        if refused is not None:
            yield row, refused


def _wrong_day(event: Mapping[str, Any], taken_at: int) -> Refusal | None:
    if normalise(event["publisher"]) != SYSTEM:
        return Refusal("publisher", f"may not publish days: only the running system does, as {SYSTEM}")
    today: dt.date = china_day(taken_at)
    if event["date"] > days_after(today, 1):
        return Refusal(
            "date", f"is more than a day after {today}, when the log took it (in China): publish a day when it begins"
        )
    return None


def _bare(text: str | None) -> str:
    """What is left of a text without control and format characters, trimmed."""
    return "".join(c for c in text or "" if unicodedata.category(c) not in _UNSEEN).strip()
