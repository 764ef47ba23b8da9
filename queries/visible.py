"""The only place that makes SQL of a scope: which columns each of its parts is compared with.

| rows                    | a division, by prefix                                    | a platform      | a publisher |
|-------------------------|----------------------------------------------------------|-----------------|-------------|
| chains                  | `seller_division`, `producer_division`                   | `platform_code` | -           |
| alerts, their changes   | `seller_division`, `producer_division`, `bureau`         | `platforms`     | -           |
| findings                | `seller_division`, `producer_division`, `bureau`         | `platform_code` | -           |
| events of a kind        | that of who is named in PARTIES, by the entity's record  | `platform_code` | `publisher` |
| identifiers, names      | as the event that says them                              | as the event    | `publisher` |
| orders of spot checks   | the division of the check's bureau                       | `platform_code` | -           |
| figures of divisions    | the division that is told of, and all in it              | -               | -           |
| the alert budget        | desks whose bureau is in it                              | -               | -           |
| acts on spot checks     | the bureau; of what is published or given up: all        | as published    | as published |
| attempts at webhooks    | all: they say ids; whose they are is known by who asks   | all             | all         |
| days, bureaus           | all: they are about nobody                               | all             | all         |
| acts on alerts, notes   | -: an alert's history has them, for who sees the alert   | -               | -           |
| unmatched records       | as the event                                             | as the event    | `publisher` |
| traces                  | the whole country alone: they leave every narrower one   | -               | -           |
| dead letters            | -: nobody can read where they are                        | as publisher    | `publisher` |
| their bytes, replays    | -                                                        | -               | -           |
| damage, chains anew     | -: about the tables as a whole                           | -               | -           |

Of an alert that covers listings of several platforms, each sees its own part: `alert_parts`.
`-`: the part shows none of these rows. Where no part of a scope shows any, the question is refused (OutsideScope): an
empty answer would say that there is nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from suyuan.access.scope import OutsideScope, Scope
from suyuan.queries.answers import PlatformCount
from suyuan.queries.raw_messages import PUBLISHER
from suyuan.schemas.kinds import KINDS, event_schema
from suyuan.sinks.identifiers import PARTIES

ABOUT_NOBODY = frozenset({"day", "bureau"})
"""kinds of events that everybody may see"""
OF_ALERTS = frozenset({"alert_act"})
"""kinds of events that are shown with the alert that they are about, and by themselves to a scope of everything"""


@dataclass(frozen=True, slots=True)
class Visible:
    """A condition on rows, and the values that are bound to it."""

    condition: str
    values: Mapping[str, Any]


ALL = Visible("1", {})

_PREFIXED = "arrayExists(prefix -> startsWith(ifNull({column}, ''), prefix), {{scope_divisions:Array(String)}})"
_IN_DIVISIONS = f"SELECT code FROM current_entity WHERE {_PREFIXED.format(column='division')}"  # noqa: S608
_IN_CHARGE = " OR ".join(
    _PREFIXED.format(column=column) for column in ("seller_division", "producer_division", "bureau")
)
_OF_PLATFORMS = "platform_code IN {scope_platforms:Array(String)}"
_COVERS_PLATFORMS = (
    "hasAny(tupleElement(platforms, 'platform_code'), {scope_platforms:Array(String)})"
    " OR ifNull(platform_code, '') IN {scope_platforms:Array(String)}"
)
_OF_PUBLISHERS = "publisher IN {scope_publishers:Array(String)}"

_OPEN_CHECKS = "check_id GLOBAL IN (SELECT check_id FROM current_check_act WHERE act IN ('publish', 'cancel'))"


def visible_chains(scope: Scope) -> Visible:
    """Of chains."""
    return _visible(scope, "chains", _prefixed("seller_division", "producer_division"), _OF_PLATFORMS)


def visible_alerts(scope: Scope) -> Visible:
    """Of alerts and their changes. Of some a platform sees a part alone: see `alert_parts`."""
    return _visible(scope, "alerts", _IN_CHARGE, _COVERS_PLATFORMS)


def whole_alerts(scope: Scope) -> Visible:
    """Of alerts and their changes: those of which everything may be seen."""
    if scope.is_everything or scope.divisions:
        return _visible(scope, "alerts", _IN_CHARGE, None)
    return Visible("0", {})


def visible_findings(scope: Scope) -> Visible:
    """Of findings."""
    return _visible(scope, "findings", _IN_CHARGE, _OF_PLATFORMS)


def visible_checks(scope: Scope) -> Visible:
    """Of acts on spot checks: those of bureaus in the scope, and of checks that everybody may read, since they were
    published or given up.
    """
    if scope.is_everything:
        return ALL
    of_bureaus = f"{_PREFIXED.format(column='check_id')} OR " if scope.divisions else ""
    return Visible(f"({of_bureaus}{_OPEN_CHECKS})", scope_values(scope) if scope.divisions else {})


def visible_orders(scope: Scope) -> Visible:
    """Of orders with their column `bureau`."""
    return _visible(scope, "orders of spot checks", _prefixed("bureau"), _OF_PLATFORMS)


class Placed(Protocol):
    """What `visible_alerts` compares, of an alert at hand."""

    @property
    def platform_code(self) -> str | None:
        """Where it is offered, of one about a listing."""

    @property
    def platforms(self) -> Sequence[PlatformCount]:
        """Where it covers listings."""

    @property
    def seller_division(self) -> str | None:
        """Of who sells."""

    @property
    def producer_division(self) -> str | None:
        """Of who made it."""

    @property
    def bureau(self) -> str | None:
        """Of who is in charge."""


def sees_alert(scope: Scope, alert: Placed) -> bool:
    """Whether `visible_alerts` lets an alert through; False too where it refuses the question."""
    if alert.platform_code in scope.platforms or any(each.platform_code in scope.platforms for each in alert.platforms):
        return True
    return sees_whole_alert(scope, alert)


def sees_whole_alert(scope: Scope, alert: Placed) -> bool:
    """Whether `whole_alerts` does."""
    if scope.is_everything:
        return True
    placed = (alert.seller_division, alert.producer_division, alert.bureau)
    return any((division or "").startswith(prefix) for prefix in scope.divisions for division in placed)


def visible_events(scope: Scope, kind: str) -> Visible | None:
    """Of event_<kind>, and what is made of it with these columns; None where no part of the scope shows any."""
    if scope.is_everything or (scope.parts and kind in ABOUT_NOBODY):
        return ALL
    if kind in OF_ALERTS:
        return None
    try:
        return _visible(scope, f"events of kind {kind}", *_of_events(kind), _OF_PUBLISHERS)
    except OutsideScope:
        return None


def visible_entity(scope: Scope) -> Visible:
    """Of entities: as of their events, and everybody who is in the scope by name."""
    own = "has({scope_own:Array(String)}, code)"
    events = visible_events(scope, "entity")
    if events is ALL:
        return ALL
    values = scope_values(scope)
    return Visible(own if events is None else f"({events.condition} OR {own})", values)


def in_division(scope: Scope) -> Visible:
    """Of rows with a column `division`: those that a division of the scope has, and so all that is about them."""
    if sees_the_unknown(scope):
        return ALL
    return Visible(f"ifNull({_PREFIXED.format(column='division')}, 0)", scope_values(scope))


def sees_the_unknown(scope: Scope) -> bool:
    """Whether a scope shows what is about nobody of whom a division is known."""
    return scope.is_everything or "" in scope.divisions


def sees_division(scope: Scope, division: str | None) -> bool:
    """Whether a scope has a division; one that nobody knows is in the whole country alone."""
    return scope.is_everything or any((division or "").startswith(prefix) for prefix in scope.divisions)


def divisions_seen(scope: Scope, what: str) -> tuple[str, ...]:
    """Prefixes of the divisions of which a scope shows everything: the whole country's, of everything. Raises
    OutsideScope where there are none. `what`: for people.
    """
    if scope.is_everything:
        return ("",)
    if not scope.divisions:
        raise OutsideScope.of(scope, what)
    return scope.divisions


def sees_code(scope: Scope, code: str) -> bool:
    """Whether a scope names somebody."""
    return code in scope.platforms or code in scope.publishers


def scope_values(scope: Scope) -> dict[str, Any]:
    """All values that a condition here may be bound to."""
    return {
        "scope_divisions": list(scope.divisions),
        "scope_platforms": list(scope.platforms),
        "scope_publishers": list(scope.publishers),
        "scope_own": [*scope.platforms, *scope.publishers],
    }


def visible_of_kinds(scope: Scope) -> dict[str, Visible]:
    """The same of each kind of which something may be seen."""
    return {kind: visible for kind in KINDS if (visible := visible_events(scope, kind)) is not None}


def visible_identifiers(scope: Scope) -> Visible:
    """Of what events say, in tables that have of each event its `parties`, `platform_code` and `publisher`."""
    of_divisions = f"arrayExists(party -> party GLOBAL IN ({_IN_DIVISIONS}), parties)"
    return _visible(scope, "identifiers", of_divisions, _OF_PLATFORMS, _OF_PUBLISHERS)


def visible_dead_letters(scope: Scope) -> Visible:
    """Of dead letters with their column `payload`: those that name somebody of the scope as their publisher."""
    named = PUBLISHER + " IN {{scope_{of}:Array(String)}}"
    return _visible(scope, "dead letters", None, named.format(of="platforms"), named.format(of="publishers"))


def visible_kinds(scope: Scope) -> dict[str, Visible]:
    """The same. Raises OutsideScope where there is none."""
    seen = visible_of_kinds(scope)
    if not seen:
        raise OutsideScope.of(scope, "events")
    return seen


def must_see_everything(scope: Scope, what: str) -> None:
    """Raises OutsideScope for a scope that does not cover all rows there are. `what`: for people."""
    if not scope.is_everything:
        raise OutsideScope.of(scope, what)


def must_see_the_country(scope: Scope, what: str) -> None:
    """The same, but for a scope that covers every chain and event."""
    if "" not in scope.divisions:
        must_see_everything(scope, what)


def _visible(
    scope: Scope, what: str, of_divisions: str | None, of_platforms: str | None, of_publishers: str | None = None
) -> Visible:
    if scope.is_everything:
        return ALL
    either: list[str] = []
    values: dict[str, Sequence[str]] = {}
    if of_divisions is not None and scope.divisions:
        whole = "" in scope.divisions
        either.append("1" if whole else of_divisions)
        values |= {} if whole else {"scope_divisions": scope.divisions}
    if of_platforms is not None and scope.platforms:
        either.append(of_platforms)
        values["scope_platforms"] = scope.platforms
    if of_publishers is not None and scope.publishers:
        either.append(of_publishers)
        values["scope_publishers"] = scope.publishers
    if not either:
        raise OutsideScope.of(scope, what)
    return Visible(f"({' OR '.join(either)})", {name: list(codes) for name, codes in values.items()})


def _prefixed(*columns: str) -> str:
    return " OR ".join(_PREFIXED.format(column=column) for column in columns)


@cache
def _of_events(kind: str) -> tuple[str | None, str | None]:
    """Conditions of divisions, of platforms."""
    names = {field.name for field in event_schema(kind).fields}
    parties = [column for column in PARTIES if column in names]
    of_divisions = " OR ".join(f"{column} GLOBAL IN ({_IN_DIVISIONS})" for column in parties) or None
    return of_divisions, _OF_PLATFORMS if "platform_code" in names else None
