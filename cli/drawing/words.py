"""Small pieces of text that several pictures share."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from rich.text import Text

from suyuan.runtime.visible import encodable, shortened, visible

_LONGEST_JOINED = 80
"""columns of one of several values"""

NOTHING = "–"

CHINA = timezone(timedelta(hours=8), "CST")

VERDICT_STYLES = {
    "complete": "green",
    "partial": "yellow",
    "broken": "dark_orange",
    "contradicted": "bold red",
    "removed": "dim",
}
CLASS_STYLES = {"contradicted": "bold red", "broken": "dark_orange", "unverified": "yellow"}
_CLASS_SIGNS = {"contradicted": ("✗", "x"), "broken": ("⚠", "!"), "unverified": ("?", "?")}
SEVERITY_STYLES = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "dark_orange",
    "low": "yellow",
}


def can_show(text: str) -> bool:
    """Whether the encoding of standard output has these characters."""
    return encodable(text, sys.stdout.encoding) == text


def class_sign(kind: str) -> str:
    """Before a gap of that class."""
    sign, plain = _CLASS_SIGNS.get(kind, ("·", "-"))
    return sign if can_show(sign) else plain


def moment(value: Any) -> str:
    """A point in time as a clock in China shows it; ms since the epoch, a datetime, or text as it is."""
    if value is None:
        return NOTHING
    if isinstance(value, int):
        value = datetime.fromtimestamp(value / 1000, UTC)
    if isinstance(value, datetime):
        return f"{value.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
    return clean(value)


def clean(value: Any) -> str:
    """Text from outside, with escapes for what could move the cursor, hide what follows or turn its order around, and
    for what the terminal's encoding does not have.
    """
    return "" if value is None else encodable(visible(str(value)), sys.stdout.encoding)


def cell(value: Any, most: int = 28) -> Text:
    """The same in a cell of a table: no markup, and no wider than so many columns, lest it leave no room for others."""
    return Text(shortened(clean(value), most))


def joined(values: Sequence[Any], most: int = 3) -> str:
    """'a, b, c and 4 more'"""
    shown = ", ".join(shortened(clean(value), _LONGEST_JOINED) for value in values[:most])
    return f"{shown} and {len(values) - most} more" if len(values) > most else shown
