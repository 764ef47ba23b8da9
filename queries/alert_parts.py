"""What somebody sees of an alert: all of it, or a platform its own part of one that covers others' listings too.

The part tells how many of the platform's own listings the alert covers; with none it is cleared. What describes one
listing as an example (verdict, gaps, explanation, values, evidence) is told only where that listing is its own; who
acts at the bureau, never.
It is made of rows of the tables in SQL, and of an alert at hand in the same way: filters are held against the part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

import msgspec

from suyuan.access.scope import Scope
from suyuan.domain.evidence import evidence_id
from suyuan.queries.visible import Placed, sees_alert, sees_whole_alert, visible_alerts, whole_alerts

A = TypeVar("A", bound="Told")

_OWN_COUNTS = "arrayFilter(each -> has({scope_platforms:Array(String)}, each.platform_code), platforms)"
_OWN_EXAMPLE = (
    "(has({scope_platforms:Array(String)}, ifNull(platform_code, ''))"
    " OR arrayExists(beginning -> startsWith(evidence[1], beginning), {scope_listings:Array(String)}))"
)
_OF_EXAMPLE: Mapping[str, str] = {
    "verdict": "''",
    "gap_names": "[]",
    "explanation_zh": "''",
    "explanation_en": "''",
    "triggering": "''",
    "evidence": "[]",
    "newest_listed_at": "NULL",
}
"""what describes one listing: what stands there instead"""
_NOTHING: Mapping[str, Any] = {"gap_names": [], "evidence": [], "newest_listed_at": None}
_OF_PEOPLE = ("assignee", "act_event", "actor", "note_id")


class Told(Placed, Protocol):
    """What all forms of an alert at hand, which are structs, have in common for a part to be made of it."""

    @property
    def evidence(self) -> Sequence[str]:
        """Its evidence ids."""

    @property
    def triggering(self) -> Any:
        """Values of the rule's columns: text, or read from it."""


@dataclass(frozen=True, slots=True)
class SeenAlerts:
    """Alerts, each as far as it may be seen: a SELECT, conditions that belong to it, and the values bound to both."""

    select: str
    conditions: Sequence[str]
    values: Mapping[str, Any]


def seen_alerts(scope: Scope, table: str, *more: str) -> SeenAlerts:
    """Of a table that has the columns of alerts. `more`: columns that `*` does not have. Raises OutsideScope."""
    columns = ", ".join(["*", *more])
    visible, whole = visible_alerts(scope), whole_alerts(scope)
    if whole.condition == "1" or not scope.platforms:
        return SeenAlerts(f"SELECT {columns} FROM {table}", [visible.condition], visible.values)  # noqa: S608
    parts = {"platforms": _OWN_COUNTS, "listings": f"arraySum(each -> each.listings, {_OWN_COUNTS})"}
    parts["state"] = f"if({parts['listings']} = 0, 'cleared', state)"
    parts |= {name: f"if({_OWN_EXAMPLE}, {name}, {nothing})" for name, nothing in _OF_EXAMPLE.items()}
    parts |= dict.fromkeys(_OF_PEOPLE, "NULL")
    replaced = ", ".join(f"if({whole.condition}, {name}, {part}) AS {name}" for name, part in parts.items())
    columns = ", ".join([f"* REPLACE ({replaced})", *more])
    return SeenAlerts(
        f"SELECT * FROM (SELECT {columns} FROM {table} WHERE {visible.condition})",  # noqa: S608
        [],
        {**visible.values, "scope_listings": list(_listings_of(scope))},
    )


def part_of(scope: Scope, alert: A) -> A | None:
    """What a scope shows of an alert at hand, in whichever form; None: nothing."""
    if sees_whole_alert(scope, alert):
        return alert
    if not sees_alert(scope, alert):
        return None
    own = [each for each in alert.platforms if each.platform_code in scope.platforms]
    changes: dict[str, Any] = {"platforms": own, "listings": sum(each.listings for each in own)}
    if not changes["listings"]:
        changes |= {"state": "cleared", "condition": "cleared"}
    if not _is_example_own(scope, alert):
        changes |= {name: _NOTHING.get(name, "") for name in _OF_EXAMPLE}
        if not isinstance(alert.triggering, str):
            changes["triggering"] = {}
    changes |= dict.fromkeys(_OF_PEOPLE)
    struct = cast("msgspec.Struct", alert)
    known = {name: value for name, value in changes.items() if name in struct.__struct_fields__}
    return cast("A", msgspec.structs.replace(struct, **known))


def _is_example_own(scope: Scope, alert: Told) -> bool:
    return alert.platform_code in scope.platforms or "".join(alert.evidence[:1]).startswith(_listings_of(scope))


def _listings_of(scope: Scope) -> tuple[str, ...]:
    """How evidence ids of the platforms' own listings begin."""
    return tuple(evidence_id("listing", code, "") for code in scope.platforms)
