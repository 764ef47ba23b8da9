"""Figures for a screen; cheap enough to ask each second."""

from __future__ import annotations

from dataclasses import dataclass

from suyuan.access.scope import Scope
from suyuan.queries.rows import Tables, read
from suyuan.queries.visible import ALL, Visible, must_see_everything, visible_chains
from suyuan.schemas.kinds import KINDS

_DELIVERIES = "SELECT '{kind}' AS name, count() AS n FROM event_{kind}"


@dataclass(frozen=True, slots=True)
class Counts:
    """`events`: deliveries by kind. `alerts`: those that stand, by severity."""

    events: dict[str, int]
    verdicts: dict[str, int]
    gaps: dict[str, int]
    alerts: dict[str, int]
    dead_letters: int


def counts(tables: Tables, scope: Scope) -> Counts:
    """All figures. Events are counted as delivered: rows that a repeated insert may have left twice count
    until they are merged.
    """
    must_see_everything(scope, "figures of the tables")
    deliveries = " UNION ALL ".join(_DELIVERIES.format(kind=kind) for kind in KINDS)
    return Counts(
        _by_name(tables, deliveries),
        verdicts(tables, scope),
        _by_name(tables, "SELECT gap AS name, count() AS n FROM chain_gap GROUP BY gap ORDER BY n DESC, gap"),
        _by_name(
            tables,
            "SELECT severity AS name, count() AS n FROM alert_current WHERE state = 'raised' GROUP BY severity",
        ),
        read(tables, "SELECT count() AS n FROM dead_letter_v")[0]["n"],
    )


def verdicts(tables: Tables, scope: Scope) -> dict[str, int]:
    """Current chains by verdict."""
    visible = visible_chains(scope)
    statement = f"SELECT verdict AS name, count() AS n FROM chain_current WHERE {visible.condition} GROUP BY verdict"  # noqa: S608
    return _by_name(tables, statement, visible)


def _by_name(tables: Tables, statement: str, visible: Visible = ALL) -> dict[str, int]:
    return {row["name"]: row["n"] for row in read(tables, statement, visible.values)}
