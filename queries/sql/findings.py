"""Findings as they stand: what rules find about listings, by the alerts that they belong to."""

from __future__ import annotations

from dataclasses import dataclass

from suyuan.access.scope import Scope
from suyuan.queries.alert_parts import seen_alerts
from suyuan.queries.paging import Column, ListQuery, Order, Page, Paged, read_page, text
from suyuan.queries.rows import Row, Tables, where_clause
from suyuan.queries.sql.alerts import AlertFilter, wanted_alerts
from suyuan.queries.visible import visible_findings


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Of one alert, or of all that are as `alerts` wants them; None: of any. `standing`: only those that stand, or that
    do not; None: both.
    """

    alert_id: str | None = None
    alerts: AlertFilter | None = None
    standing: bool | None = None


_CLEARED = Column("(change = 'cleared')", lambda row: int(row["change"] == "cleared"), "Int64")
_BY_ALERT = Order((text("alert_id"), _CLEARED, text("finding_id")))


def findings(tables: Tables, scope: Scope, wanted: FindingFilter, page: Page) -> Paged[Row]:
    """By alert; those of each that stand first, then by finding."""
    return read_page(tables, list_of_findings(scope, wanted), page)


def list_of_findings(scope: Scope, wanted: FindingFilter) -> ListQuery:
    """The list that `findings` has pages of."""
    visible = visible_findings(scope)
    conditions, values = [visible.condition], dict(visible.values)
    if wanted.alert_id is not None:
        conditions.append("alert_id = {alert_id:String}")
        values["alert_id"] = wanted.alert_id
    if wanted.alerts is not None:
        seen = seen_alerts(scope, "alert_current")
        those, bound = wanted_alerts(scope, wanted.alerts)
        every = f"SELECT alert_id FROM ({seen.select} {where_clause([*seen.conditions, *those])})"  # noqa: S608
        conditions.append(f"alert_id GLOBAL IN ({every})")
        values |= {**bound, **seen.values}
    if wanted.standing is not None:
        conditions.append("change != 'cleared'" if wanted.standing else "change = 'cleared'")
    return ListQuery("SELECT * FROM finding_current", conditions, values, _BY_ALERT)
