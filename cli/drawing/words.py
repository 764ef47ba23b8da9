"""Small pieces of text that several pictures share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

CHINA = timezone(timedelta(hours=8), "CST")

VERDICT_STYLES = {
    "complete": "green",
    "partial": "yellow",
    "broken": "dark_orange",
    "contradicted": "bold red",
    "removed": "dim",
}
CLASS_STYLES = {"contradicted": "bold red", "broken": "dark_orange", "unverified": "yellow"}
CLASS_SIGNS = {"contradicted": "✗", "broken": "⚠", "unverified": "?"}
SEVERITY_STYLES = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "dark_orange",
    "low": "yellow",
}

_ANY_CONTROL = dict.fromkeys((*range(32), *range(127, 160)), "�")


def moment(value: Any) -> str:
    """A point in time as a clock in China shows it; ms since the epoch, a datetime, or text as it is."""
    if value is None:
        return "–"
    if isinstance(value, int):
        value = datetime.fromtimestamp(value / 1000, UTC)
    if isinstance(value, datetime):
        return f"{value.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
    return clean(value)


def clean(value: Any) -> str:
    """Text from outside without control characters, which could move the cursor or hide what follows."""
    return "" if value is None else str(value).translate(_ANY_CONTROL)


def joined(values: Sequence[Any], most: int = 3) -> str:
    """'a, b, c and 4 more'"""
    shown = ", ".join(clean(value) for value in values[:most])
    return f"{shown} and {len(values) - most} more" if len(values) > most else shown
