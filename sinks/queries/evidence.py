"""The events that chains, gaps and alerts name as their evidence."""

from __future__ import annotations

from collections.abc import Iterable

from suyuan.domain.evidence import evidence_parts, evidence_sql
from suyuan.schemas.kinds import KINDS
from suyuan.sinks.clickhouse import ClickHouse
from suyuan.sinks.reading import Row, read


def events_by_evidence(clickhouse: ClickHouse, ids: Iterable[str]) -> list[Row]:
    """The events of evidence ids (`suyuan.domain.evidence`), each with `kind` and `evidence` before its own
    fields. What no event answers to is left out.
    """
    pairs = [parts for evidence in sorted(set(ids)) if (parts := evidence_parts(evidence)) is not None]
    if not pairs:
        return []
    found = []
    for kind in KINDS:
        found += read(
            clickhouse,
            f"""
            SELECT '{kind}' AS kind, {evidence_sql()} AS evidence, * FROM event_{kind}_v
            WHERE event_id IN {{events:Array(String)}}
                AND (publisher, event_id) IN {{pairs:Array(Tuple(String, String))}}
            """,  # noqa: S608 - kinds of our own, bound values
            {"pairs": pairs, "events": [event for _, event in pairs]},
        )
    return found
