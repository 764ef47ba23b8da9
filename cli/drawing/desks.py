"""What desks have to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from suyuan.cli.drawing.records import Column, Records, Value
from suyuan.cli.drawing.words import NOTHING, clean

_NUMBERS = ("open", "raised_today", "raised_a_day", "handled_today", "handled_a_day")
_PER_OFFICER = ("officers", "open_per_officer", "raised_a_day_per_officer")
_HEADINGS = {
    "raised_today": "today",
    "raised_a_day": "a day",
    "handled_today": "handled",
    "handled_a_day": "a day",
    "open_per_officer": "open each",
    "raised_a_day_per_officer": "a day each",
}
_COLUMNS = (
    Column("bureau"),
    Column("budget"),
    *(Column(name, right=True, heading=_HEADINGS.get(name)) for name in (*_NUMBERS, *_PER_OFFICER)),
    Column("rules", "names"),
)


def draw_desks(loads: Iterable[Mapping[str, Any]]) -> Records:
    """In the order given."""
    return Records(_COLUMNS, map(_fields, loads))


def _fields(load: Mapping[str, Any]) -> Mapping[str, Value]:
    figures = {name: load[name] for name in (*_NUMBERS, *_PER_OFFICER)}
    return {
        "bureau": clean(load["bureau"]),
        "budget": "over" if load["over_budget"] else "within",
        **{name: NOTHING if figure is None else clean(figure) for name, figure in figures.items()},
        "rules": [f"{clean(each['rule'])} {each['raised']}" for each in load["rules"]] or NOTHING,
    }
