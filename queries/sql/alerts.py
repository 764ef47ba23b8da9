"""Alerts as they stand, and all that was said of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from suyuan.access.scope import Scope
from suyuan.domain.identifiers.normal_form_sql import normal_form_sql
from suyuan.queries.paging import Cursor, Listing, Order, Page, Paged, moment, number, read_page, text
from suyuan.queries.rows import Row, Tables, read
from suyuan.queries.visible import visible_alerts

_CONDITIONS = {
    "severity": "severity = {severity:String}",
    "state": "state = {state:String}",
    "rule": "rule = {rule:String}",
    "platform_code": f"platform_code = {normal_form_sql('code', '{platform_code:String}')}",
    "listing_id": f"listing_id = {normal_form_sql('number', '{listing_id:String}')}",
    "bureau": "startsWith(ifNull(bureau, ''), {bureau:String})",
}


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """What is None does not matter. `bureau`: first digits of the division in charge."""

    severity: str | None = None
    state: str | None = None
    rule: str | None = None
    platform_code: str | None = None
    listing_id: str | None = None
    bureau: str | None = None

    @property
    def values(self) -> dict[str, str]:
        """What matters, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @property
    def conditions(self) -> list[str]:
        """SQL conditions that the values are bound to."""
        return [_CONDITIONS[name] for name in self.values]


_NEWEST_FIRST = Order((moment("raised_at", descending=True), text("alert_id")))
_AS_LOADED = Order((moment("loaded_at"), text("alert_id"), number("sequence")))


def alerts(tables: Tables, scope: Scope, wanted: AlertFilter, page: Page) -> Paged[Row]:
    """How each alert stands, the newest first."""
    return read_page(tables, list_of_alerts(scope, wanted), page)


def list_of_alerts(scope: Scope, wanted: AlertFilter) -> Listing:
    """The list that `alerts` has pages of."""
    visible = visible_alerts(scope)
    return Listing(
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


def alert_history(tables: Tables, scope: Scope, alert_id: str) -> list[Row]:
    """Every change of one alert, the first first."""
    visible = visible_alerts(scope)
    return read(
        tables,
        f"SELECT * FROM alert_log WHERE alert_id = {{alert_id:String}} AND {visible.condition} ORDER BY sequence",  # noqa: S608
        {"alert_id": alert_id, **visible.values},
    )


def alert_changes(tables: Tables, scope: Scope, wanted: AlertFilter, page: Page) -> Paged[Row]:
    """Changes of alerts in the order in which they were loaded. To follow along, ask again with the page's `after`."""
    visible = visible_alerts(scope)
    changes = Listing(
        "SELECT *, loaded_at FROM alert_history",
        [*wanted.conditions, visible.condition],
        {**wanted.values, **visible.values},
        _AS_LOADED,
        "LIMIT 1 BY alert_id, sequence",
    )
    return read_page(tables, changes, page)


def end_of_changes(tables: Tables, scope: Scope) -> Cursor | None:
    """The place after all that is loaded now: where a follower begins that wants only what comes; None: nothing is."""
    visible = visible_alerts(scope)
    found = read(
        tables,
        f"""
        SELECT loaded_at, alert_id, sequence FROM alert_history WHERE {visible.condition}
        ORDER BY loaded_at DESC, alert_id DESC, sequence DESC LIMIT 1
        """,  # noqa: S608 - fixed conditions, bound values
        visible.values,
    )
    return _AS_LOADED.cursor(found[0]) if found else None
