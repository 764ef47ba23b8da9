"""How the load of desks compares with the alert budget."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec

from suyuan.access.scope import Scope
from suyuan.domain.alerts.budget import DAYS_BEFORE, a_day, each, is_over
from suyuan.domain.calendar import china_day
from suyuan.queries.answers import AlertBudget, DeskLoad, RuleLoad
from suyuan.queries.rows import Tables
from suyuan.queries.sql.budget import desk_loads
from suyuan.queries.visible import divisions_seen

RULES_OF_A_DESK = 3


class OfDesks(msgspec.Struct, frozen=True):
    """The desks of a prefix of divisions, None those of the scope, at a moment, ms UTC. `budget`: alerts that may come
    to a desk in a day.
    """

    prefix: str | None
    now: int
    budget: int


def alert_budget(tables: Tables, scope: Scope, wanted: OfDesks) -> AlertBudget | None:
    """The load of each desk at which there is one, desks over the budget first. None for a prefix that is not within
    the scope. Raises OutsideScope.
    """
    prefixes = divisions_seen(scope, "the alert budget")
    if wanted.prefix is not None:
        if not any(wanted.prefix.startswith(each) for each in prefixes):
            return None
        prefixes = (wanted.prefix,)
    today = china_day(wanted.now)
    first = today - dt.timedelta(days=DAYS_BEFORE)
    rows = desk_loads(tables, prefixes, first, wanted.now, RULES_OF_A_DESK)
    loads = [_load(row, wanted.budget) for row in rows]
    return AlertBudget(today.isoformat(), wanted.budget, sorted(loads, key=lambda load: not load.over_budget))


def _load(row: Mapping[str, Any], budget: int) -> DeskLoad:
    officers, raised, handled = row["officers"], row["raised"], row["handled"]
    mean = a_day(raised)
    return DeskLoad(
        bureau=row["bureau"],
        name_zh=row["name_zh"] or None,
        name_en=row["name_en"] or None,
        officers=officers,
        over_budget=is_over(raised, budget),
        open=row["open"],
        raised_today=raised[-1],
        raised_a_day=mean,
        handled_today=handled[-1],
        handled_a_day=a_day(handled),
        open_per_officer=each(row["open"], officers),
        raised_a_day_per_officer=each(mean, officers),
        raised=raised,
        handled=handled,
        rules=[RuleLoad(*rule) for rule in row["rules"]],
    )
