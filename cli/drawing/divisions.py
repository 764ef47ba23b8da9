"""Figures of divisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from suyuan.cli.drawing.records import Column, Records
from suyuan.cli.drawing.words import NOTHING, clean

_NUMBERS = ("listings", "broken", "contradicted", "open_critical", "open_high", "open_medium", "open_low")
_SHARES = ("serious_per_10k", "median_hours_to_clear")
_HEADINGS = {
    "open_critical": "critical",
    "open_high": "high",
    "open_medium": "medium",
    "open_low": "low",
    "serious_per_10k": "per 10k",
    "median_hours_to_clear": "hours to clear",
}
_COLUMNS = (
    Column("division"),
    Column("name"),
    *(Column(name, right=True, heading=_HEADINGS.get(name)) for name in (*_NUMBERS, *_SHARES)),
)


def draw_divisions(parts: Iterable[Mapping[str, Any]]) -> Records:
    """In the order given."""
    return Records(_COLUMNS, map(_fields, parts))


def _fields(part: Mapping[str, Any]) -> Mapping[str, str]:
    numbers = {name: clean(part[name]) for name in _NUMBERS}
    shares = {name: NOTHING if part[name] is None else f"{part[name]:.1f}" for name in _SHARES}
    return {
        "division": NOTHING if part["division"] is None else clean(part["division"]),
        "name": clean(part["name"]) or NOTHING,
        **numbers,
        **shares,
    }
