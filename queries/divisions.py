"""How a division and what it is divided into compare."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from suyuan.access.scope import Scope
from suyuan.domain.divisions import division_name, successor
from suyuan.queries.answers import DivisionFigures, Divisions
from suyuan.queries.rows import Tables
from suyuan.queries.sql.divisions import EVERYTHING, alerts_by_division, listings_by_division
from suyuan.queries.visible import divisions_seen

LEVELS = (2, 4, 6)
"""digits of provinces, cities, counties"""
_OPEN = ("open_critical", "open_high", "open_medium", "open_low")
_COUNTED = ("listings", "broken", "contradicted")


def divisions(tables: Tables, scope: Scope, prefix: str | None, on: dt.date) -> Divisions | None:
    """Figures of the division of a prefix and of its parts at the next level; a county's part is the county. None as
    the prefix: the widest division of the scope. None for one that is not within the scope. Raises OutsideScope.

    A listing counts where it is sold (else where it was made), an alert where its bureau is; a division that is no more
    counts to the one that took its place by that day. What has no known division counts to the whole country, in a row
    of its own.
    """
    seen = divisions_seen(scope, "figures of divisions")
    if prefix is None:
        prefix = min(seen, key=lambda each: (len(each), each))
    if not any(prefix.startswith(each) for each in seen):
        return None
    digits = part_digits(prefix)
    listings = defaultdict[str, Counter[str]](Counter)
    for row in listings_by_division(tables, on):
        division = (successor(row["division"], on) if row["division"] else None) or ""
        if division.startswith(prefix):
            counted = {name: row[name] for name in _COUNTED}
            listings[division[:digits]].update(counted)
            listings[EVERYTHING].update(counted)
    alerts = {row["division"]: row for row in alerts_by_division(tables, prefix, digits)}
    whole = _figures(prefix, on, listings[EVERYTHING], alerts.get(EVERYTHING, {}))
    names = {*listings, *alerts} - {EVERYTHING}
    parts = [_figures(name or None, on, listings[name], alerts.get(name, {})) for name in names]
    return Divisions(whole, sorted(parts, key=_most_serious))


def part_digits(prefix: str) -> int:
    """How many digits the parts of a division have."""
    return next((level for level in LEVELS if level > len(prefix)), LEVELS[-1])


def _figures(division: str | None, on: dt.date, listings: Counter[str], alerts: Mapping[str, Any]) -> DivisionFigures:
    counted = {name: listings[name] for name in _COUNTED}
    standing = {name: alerts.get(name, 0) for name in _OPEN}
    serious = standing["open_critical"] + standing["open_high"]
    hours = alerts.get("median_hours_to_clear")
    return DivisionFigures(
        division=division,
        name=division_name(division.ljust(LEVELS[-1], "0"), on) if division else None,
        **counted,
        **standing,
        serious_per_10k=round(10_000 * serious / counted["listings"], 2) if counted["listings"] else None,
        median_hours_to_clear=None if hours is None else round(hours, 6),
    )


def _most_serious(part: DivisionFigures) -> tuple[bool, float, int, str]:
    """Serious alerts where nothing is offered have no share: they come before those that have none of either."""
    serious = part.open_critical + part.open_high
    return part.division is None, -(part.serious_per_10k or 0.0), -serious, part.division or ""
