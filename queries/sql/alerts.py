"""Alerts as they stand, and all that was said of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from suyuan.domain.identifiers.normal_form_sql import normal_form_sql
from suyuan.queries.rows import Row, limit_clause, read, stream, where_clause
from suyuan.sinks.clickhouse import ClickHouse

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


def alerts(clickhouse: ClickHouse, wanted: AlertFilter | None = None, limit: int | None = None) -> Iterator[Row]:
    """How each alert stands, the newest first."""
    wanted = wanted or AlertFilter()
    return stream(
        clickhouse,
        f"""
        SELECT * FROM alert_current {where_clause(wanted.conditions)}
        ORDER BY raised_at DESC, alert_id {limit_clause(limit)}
        """,  # noqa: S608 - fixed conditions, bound values
        wanted.values,
    )


def alert(clickhouse: ClickHouse, alert_id: str) -> Row | None:
    """One alert as it stands; None for no such alert."""
    found = read(clickhouse, "SELECT * FROM alert_current WHERE alert_id = {alert_id:String}", {"alert_id": alert_id})
    return found[0] if found else None


def alert_history(clickhouse: ClickHouse, alert_id: str) -> list[Row]:
    """Every change of one alert, the first first."""
    return read(
        clickhouse,
        "SELECT * FROM alert_log WHERE alert_id = {alert_id:String} ORDER BY sequence",
        {"alert_id": alert_id},
    )


def alert_changes(
    clickhouse: ClickHouse,
    after: tuple[int, str, int] | None = None,
    wanted: AlertFilter | None = None,
    limit: int = 1000,
) -> list[Row]:
    """Changes of alerts in the order in which they were loaded. To follow along, ask again with the place
    (loaded_at, alert_id, sequence) of the last; None: from the beginning.
    """
    wanted = wanted or AlertFilter()
    after = after or (0, "", 0)
    beyond = [
        "loaded_at >= fromUnixTimestamp64Milli({loaded_at:Int64})",
        "(toUnixTimestamp64Milli(loaded_at), alert_id, sequence) > {after:Tuple(Int64, String, Int64)}",
    ]
    return read(
        clickhouse,
        f"""
        SELECT *, loaded_at FROM alert_history {where_clause([*beyond, *wanted.conditions])}
        ORDER BY loaded_at, alert_id, sequence LIMIT 1 BY alert_id, sequence {limit_clause(limit)}
        """,  # noqa: S608 - fixed conditions, bound values
        {**wanted.values, "loaded_at": after[0], "after": after},
    )


def end_of_changes(clickhouse: ClickHouse) -> tuple[int, str, int]:
    """The place after all that is loaded now: where a follower begins that wants only what comes."""
    found = read(
        clickhouse,
        """
        SELECT loaded_at, alert_id, sequence FROM alert_history
        ORDER BY loaded_at DESC, alert_id DESC, sequence DESC LIMIT 1
        """,
    )
    return (found[0]["loaded_at"], found[0]["alert_id"], found[0]["sequence"]) if found else (0, "", 0)
