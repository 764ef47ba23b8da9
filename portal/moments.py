"""Moments that a request names: ms since 1970, a date, or ISO 8601; of China where no offset is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated

from fastapi import Query

from suyuan.portal.problems import Fault, Problem

CHINA = timezone(timedelta(hours=8), "CST")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 253_370_764_800_000
"""9999-01-01T00:00:00Z"""

KnownAt = Annotated[
    str | None, Query(max_length=40, description="as it was known then: ms, or ISO 8601; China's clock without offset")
]
HappenedBy = Annotated[str | None, Query(max_length=40, description="by what had happened by then; as known_at")]


def ms_of(text: str | None, name: str) -> int | None:
    """Ms UTC; None for none. Raises Problem, invalid, that names the parameter."""
    if text is None or not text.strip():
        return None
    said = text.strip()
    if said.isascii() and said.isdecimal() and len(said) > len("20260210"):
        ms = int(said)
        if ms <= _LATEST:
            return ms
    try:
        moment = datetime.fromisoformat(said.replace(" ", "+") if "T" in said else said)
        ms = round(((moment if moment.tzinfo else moment.replace(tzinfo=CHINA)) - _EPOCH) / timedelta(milliseconds=1))
    except (ValueError, OverflowError):
        ms = -1
    if not 0 <= ms <= _LATEST:
        fault = Fault("no moment: ms since 1970, 2026-02-10 or 2026-02-10T12:00:00+08:00", name)
        raise Problem("invalid", errors=[fault])
    return ms
