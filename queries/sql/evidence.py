"""The events that chains, gaps and alerts name as their evidence."""

from __future__ import annotations

from collections.abc import Iterable

from suyuan.access.scope import Scope
from suyuan.domain.evidence import evidence_parts, evidence_sql
from suyuan.queries.rows import Row, Tables, read
from suyuan.queries.visible import visible_kinds


def events_by_evidence(tables: Tables, scope: Scope, ids: Iterable[str]) -> list[Row]:
    """The events of evidence ids (`suyuan.domain.evidence`), each with `kind` and `evidence` before its own
    fields; of an id without a version all versions. What no event answers to is left out.
    """
    named = [parts for evidence in sorted(set(ids)) if (parts := evidence_parts(evidence)) is not None]
    found = []
    for kind, visible in visible_kinds(scope).items():
        wanted = [(each.publisher, each.event_id, each.version) for each in named if each.kind in (kind, None)]
        if not wanted:
            continue
        found += read(
            tables,
            f"""
            SELECT '{kind}' AS kind, {evidence_sql(kind)} AS evidence, * FROM event_{kind}_v
            WHERE event_id IN {{events:Array(String)}} AND arrayExists(
                one -> publisher = one.1 AND event_id = one.2 AND startsWith(digest, one.3),
                {{wanted:Array(Tuple(String, String, String))}}
            ) AND {visible.condition}
            ORDER BY occurred_at, received_at, source_offset
            """,  # noqa: S608 - kinds of our own, bound values
            {"wanted": wanted, "events": [event for _, event, _ in wanted], **visible.values},
        )
    return found
