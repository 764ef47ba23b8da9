"""Spot checks, and what was done with one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from suyuan.cli.drawing.records import Column, Records, Value
from suyuan.cli.drawing.words import NOTHING, clean, moment

CHECKS = (
    Column("check_id", heading="check"),
    Column("stage"),
    Column("due_at", heading="randomness due"),
    *(Column(name, right=True) for name in ("rows", "orders", "waiting", "void")),
    Column("title", "text"),
)
_ACTS = (
    Column("act"),
    Column("occurred_at", heading="when"),
    Column("actor"),
    Column("counts"),
    Column("sha256"),
)


def draw_checks(checks: Iterable[Mapping[str, Any]]) -> Records:
    """In the order given."""
    return Records(CHECKS, (_fields(check, {"due_at"}) for check in checks))


def draw_acts(acts: Iterable[Mapping[str, Any]]) -> Records:
    """In the order given."""
    return Records(_ACTS, (_fields(act | {"counts": _YES[act["counts"]]}, {"occurred_at"}) for act in map(dict, acts)))


_YES = {True: "yes", False: "void"}


def _fields(row: Mapping[str, Any], times: set[str]) -> Mapping[str, Value]:
    return {
        name: NOTHING if value is None else moment(value) if name in times else clean(value)
        for name, value in row.items()
    }
