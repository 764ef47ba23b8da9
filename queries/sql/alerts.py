"""Alerts as they stand, and all that was said of them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from suyuan.access.scope import Scope
from suyuan.domain.identifiers.normal_form import code_form, number_form
from suyuan.queries.alert_parts import seen_alerts
from suyuan.queries.paging import ListQuery, Order, Page, Paged, moment, number, read_page, text
from suyuan.queries.rows import Row, Tables, read, where_clause
from suyuan.queries.visible import visible_findings

_CONDITIONS = {
    "alert_id": "alert_id IN {alert_id:Array(String)}",
    "severity": "severity IN {severity:Array(String)}",
    "state": "state = {state:String}",
    "handling": "if(handling = 'acknowledged' AND acknowledged_until < now64(3), 'open', handling)"
    " IN {handling:Array(String)}",
    "mine": "assignee IN {mine:Array(String)} OR (handling = 'acknowledged' AND actor IN {mine:Array(String)})",
    "assignee": "assignee IN {assignee:Array(String)}",
    "rule": "rule IN {rule:Array(String)}",
    "platform_code": "hasAny(tupleElement(platforms, 'platform_code'), {platform_code:Array(String)})"
    " OR ifNull(platform_code, '') IN {platform_code:Array(String)}",
    "subject": "subject = {subject:String}",
    "bureau": "arrayExists(prefix -> startsWith(bureau, prefix), {bureau:Array(String)})",
    "since": "raised_at >= fromUnixTimestamp64Milli({since:Int64})",
}
_OF_SELLER = "has({seller_code:Array(String)}, ifNull(seller_code, ''))"
_OF_LISTING = (
    "ifNull(platform_code, '') = {listing_platform:String} AND ifNull(listing_id, '') = {listing_number:String}"
)


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """What is None, or has no values, does not matter; of several values one is enough. `listing`: platform and
    listing; an alert is of a platform, a seller, a listing if it is about them or covers listings of theirs that stand.
    `handling`: one acknowledged until a time that is past is open; `mine`: accounts and units that it is assigned to,
    or whose the acknowledgement is; `subject`: a node of traces, exactly; `bureau`: first digits of the division in
    charge; `since`: ms UTC, when the alert was raised at the earliest.
    """

    alert_id: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    state: str | None = None
    handling: tuple[str, ...] = ()
    assignee: tuple[str, ...] = ()
    mine: tuple[str, ...] = ()
    rule: tuple[str, ...] = ()
    platform_code: tuple[str, ...] = ()
    listing: tuple[str, str] | None = None
    subject: str | None = None
    bureau: tuple[str, ...] = ()
    seller_code: tuple[str, ...] = ()
    since: int | None = None

    @property
    def values(self) -> dict[str, Any]:
        """What matters, by name, in normal form."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: _normal(name, value) for name, value in found.items() if value is not None and value != ()}


def _normal(name: str, value: Any) -> Any:
    if name in {"platform_code", "seller_code"}:
        return [code_form(code) or "" for code in value]
    if name == "listing":
        return code_form(value[0]) or "", number_form(value[1]) or ""
    return list(value) if isinstance(value, tuple) else value


def wanted_alerts(scope: Scope, wanted: AlertFilter) -> tuple[list[str], dict[str, Any]]:
    """Conditions on `seen_alerts`, and the values that are bound to them."""
    values = wanted.values
    conditions = [f"({_CONDITIONS[name]})" for name in values if name in _CONDITIONS]
    for name, condition in (("seller_code", _OF_SELLER), ("listing", _OF_LISTING)):
        if name in values:
            findings = alerts_of_findings(scope, condition, changing=name == "seller_code")
            conditions.append(f"({condition} OR {findings})")
            values |= visible_findings(scope).values
    if "listing" in values:
        values["listing_platform"], values["listing_number"] = values.pop("listing")
    return conditions, values


def alerts_of_findings(scope: Scope, condition: str, *, changing: bool = False) -> str:
    """A condition on alerts: that a finding of theirs stands, is within the scope, and is as a condition on findings
    wants it. `changing`: whether what that looks at may be otherwise in a finding's next row; platform and listing are
    always the same. Raises OutsideScope.
    """
    if changing:
        narrowed = f"(alert_id, finding_id) GLOBAL IN (SELECT alert_id, finding_id FROM finding WHERE {condition})"  # noqa: S608
    else:
        narrowed = condition
    return f"""alert_id GLOBAL IN (
        SELECT alert_id FROM (
            SELECT * FROM finding WHERE {narrowed}
            ORDER BY alert_id, finding_id, version DESC LIMIT 1 BY alert_id, finding_id
        ) WHERE change != 'cleared' AND {condition} AND {visible_findings(scope).condition}
    )"""  # noqa: S608 - fixed texts, bound values


_NEWEST_FIRST = Order((moment("raised_at", descending=True), text("alert_id")))
_AS_SAID = Order((number("sequence"),))


def alerts(tables: Tables, scope: Scope, wanted: AlertFilter, page: Page) -> Paged[Row]:
    """How each alert stands, the newest first."""
    return read_page(tables, list_of_alerts(scope, wanted), page)


def list_of_alerts(scope: Scope, wanted: AlertFilter) -> ListQuery:
    """The list that `alerts` has pages of."""
    seen = seen_alerts(scope, "alert_current")
    conditions, values = wanted_alerts(scope, wanted)
    return ListQuery(seen.select, [*seen.conditions, *conditions], {**values, **seen.values}, _NEWEST_FIRST)


def alert(tables: Tables, scope: Scope, alert_id: str) -> Row | None:
    """One alert as it stands; None for no such alert."""
    seen = seen_alerts(scope, "alert_current")
    conditions = where_clause(["alert_id = {alert_id:String}", *seen.conditions])
    found = read(tables, f"{seen.select} {conditions}", {"alert_id": alert_id, **seen.values})
    return found[0] if found else None


def alert_history(tables: Tables, scope: Scope, alert_id: str, page: Page) -> Paged[Row]:
    """Every change of one alert, the first first."""
    seen = seen_alerts(scope, "alert_state_history", "loaded_at")
    changes = ListQuery(
        seen.select,
        ["alert_id = {alert_id:String}", *seen.conditions],
        {"alert_id": alert_id, **seen.values},
        _AS_SAID,
        "LIMIT 1 BY alert_id, sequence",
    )
    return read_page(tables, changes, page)
