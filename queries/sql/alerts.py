"""Alerts as they stand, and all that was said of them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from suyuan.access.scope import Scope
from suyuan.domain.identifiers.normal_form import code_form, number_form
from suyuan.queries.paging import ListQuery, Order, Page, Paged, moment, number, read_page, text
from suyuan.queries.rows import Row, Tables, read
from suyuan.queries.visible import visible_alerts

_CONDITIONS = {
    "severity": "severity IN {severity:Array(String)}",
    "state": "state = {state:String}",
    "rule": "rule IN {rule:Array(String)}",
    "platform_code": "platform_code IN {platform_code:Array(String)}",
    "seller_code": "seller_code IN {seller_code:Array(String)}",
    "listing_id": "listing_id = {listing_id:String}",
    "bureau": "arrayExists(prefix -> startsWith(ifNull(bureau, ''), prefix), {bureau:Array(String)})",
    "since": "raised_at >= fromUnixTimestamp64Milli({since:Int64})",
}


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """What is None, or has no values, does not matter; of several values one is enough. `bureau`: first digits of the
    division in charge; `since`: ms UTC, when the alert was raised at the earliest.
    """

    severity: tuple[str, ...] = ()
    state: str | None = None
    rule: tuple[str, ...] = ()
    platform_code: tuple[str, ...] = ()
    listing_id: str | None = None
    bureau: tuple[str, ...] = ()
    seller_code: tuple[str, ...] = ()
    since: int | None = None

    @property
    def values(self) -> dict[str, Any]:
        """What matters, by name, in normal form."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: _normal(name, value) for name, value in found.items() if value is not None and value != ()}

    @property
    def conditions(self) -> list[str]:
        """SQL conditions that the values are bound to."""
        return [_CONDITIONS[name] for name in self.values]


def _normal(name: str, value: Any) -> Any:
    if name in {"platform_code", "seller_code"}:
        return [code_form(code) or "" for code in value]
    if name == "listing_id":
        return number_form(value) or ""
    return list(value) if isinstance(value, tuple) else value


_NEWEST_FIRST = Order((moment("raised_at", descending=True), text("alert_id")))
_AS_SAID = Order((number("sequence"),))


def alerts(tables: Tables, scope: Scope, wanted: AlertFilter, page: Page) -> Paged[Row]:
    """How each alert stands, the newest first."""
    return read_page(tables, list_of_alerts(scope, wanted), page)


def list_of_alerts(scope: Scope, wanted: AlertFilter) -> ListQuery:
    """The list that `alerts` has pages of."""
    visible = visible_alerts(scope)
    return ListQuery(
        "SELECT * FROM alert_current",
        [*wanted.conditions, visible.condition],
        {**wanted.values, **visible.values},
        _NEWEST_FIRST,
    )


def alert(tables: Tables, scope: Scope, alert_id: str) -> Row | None:
    """One alert as it stands; None for no such alert."""
    visible = visible_alerts(scope)
    found = read(
        tables,
        f"SELECT * FROM alert_current WHERE alert_id = {{alert_id:String}} AND {visible.condition}",  # noqa: S608
        {"alert_id": alert_id, **visible.values},
    )
    return found[0] if found else None


def alert_history(tables: Tables, scope: Scope, alert_id: str, page: Page) -> Paged[Row]:
    """Every change of one alert, the first first."""
    visible = visible_alerts(scope)
    changes = ListQuery(
        "SELECT *, loaded_at FROM alert_history",
        ["alert_id = {alert_id:String}", visible.condition],
        {"alert_id": alert_id, **visible.values},
        _AS_SAID,
        "LIMIT 1 BY alert_id, sequence",
    )
    return read_page(tables, changes, page)
