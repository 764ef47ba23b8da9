"""Small pieces of text that several pictures share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from rich.text import Text

from suyuan.cli.visible import shortened, visible

_LONGEST_JOINED = 80
"""columns of one of several values"""

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
    """Text from outside, with escapes for what could move the cursor, hide what follows or turn its order around."""
    return "" if value is None else visible(str(value))


def cell(value: Any, most: int = 28) -> Text:
    """The same in a cell of a table: no markup, and no wider than so many columns, lest it leave no room for others."""
    return Text(shortened(clean(value), most))


def joined(values: Sequence[Any], most: int = 3) -> str:
    """'a, b, c and 4 more'"""
    shown = ", ".join(shortened(clean(value), _LONGEST_JOINED) for value in values[:most])
    return f"{shown} and {len(values) - most} more" if len(values) > most else shown
