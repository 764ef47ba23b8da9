"""Alerts that lie at the national bureau because nobody knows where else they belong."""

from __future__ import annotations

from suyuan.domain.rules.jurisdiction import NOBODY
from suyuan.queries.rows import Tables, read

_BY_SEVERITY = """
SELECT severity, toInt64(count()) AS alerts FROM alert_current
WHERE state = 'raised' AND endsWith(bureau_why, {nobody:String})
GROUP BY severity ORDER BY indexOf(['critical', 'high', 'medium', 'low'], severity), severity
"""


def count_undirected(tables: Tables) -> dict[str, int]:
    """By severity, the gravest first, how many standing alerts have no division that is known."""
    return {row["severity"]: row["alerts"] for row in read(tables, _BY_SEVERITY, {"nobody": NOBODY})}
