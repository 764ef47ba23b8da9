"""Figures for a screen; cheap enough to ask each second."""

from __future__ import annotations

from dataclasses import dataclass

from suyuan.queries.rows import read
from suyuan.schemas.kinds import KINDS
from suyuan.sinks.clickhouse import ClickHouse

_DELIVERIES = "SELECT '{kind}' AS name, count() AS n FROM event_{kind}"


@dataclass(frozen=True, slots=True)
class Counts:
    """`events`: deliveries by kind. `alerts`: those that stand, by severity."""

    events: dict[str, int]
    verdicts: dict[str, int]
    gaps: dict[str, int]
    alerts: dict[str, int]
    dead_letters: int


def counts(clickhouse: ClickHouse) -> Counts:
    """All figures. Events are counted as delivered: rows that a repeated insert may have left twice count
    until they are merged.
    """
    deliveries = " UNION ALL ".join(_DELIVERIES.format(kind=kind) for kind in KINDS)
    return Counts(
        _by_name(clickhouse, deliveries),
        verdicts(clickhouse),
        _by_name(clickhouse, "SELECT gap AS name, count() AS n FROM chain_gap GROUP BY gap ORDER BY n DESC, gap"),
        _by_name(
            clickhouse,
            "SELECT severity AS name, count() AS n FROM alert_current WHERE state = 'raised' GROUP BY severity",
        ),
        read(clickhouse, "SELECT count() AS n FROM dead_letter_v")[0]["n"],
    )


def verdicts(clickhouse: ClickHouse) -> dict[str, int]:
    """Current chains by verdict."""
    return _by_name(clickhouse, "SELECT verdict AS name, count() AS n FROM chain_current GROUP BY verdict")


def _by_name(clickhouse: ClickHouse, statement: str) -> dict[str, int]:
    return {row["name"]: row["n"] for row in read(clickhouse, statement)}
