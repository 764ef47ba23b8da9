"""What became of events: taken in, refused, assessed; and which the tables know already."""

from __future__ import annotations

from collections.abc import Sequence

from suyuan.access.scope import OutsideScope, Scope
from suyuan.domain.evidence import evidence_id, evidence_parts, evidence_sql
from suyuan.queries.raw_messages import EVENT_ID, PUBLISHER
from suyuan.queries.rows import Row, Tables, read
from suyuan.queries.sql.evidence import events_by_evidence
from suyuan.queries.visible import visible_chains, visible_dead_letters, visible_events
from suyuan.schemas.kinds import BUSINESS_KEYS, KINDS

Name = tuple[str, str, str]
"""publisher, event_id, digest of an event, in normal form"""
DEAD = "dead_letter"
_MOST_DEAD = 100


def outcomes(tables: Tables, scope: Scope, evidence: str) -> list[Row]:
    """Every version of an event that was taken in, with its fields, and every message of that name that was not
    (`outcome` is DEAD, then `reason` and `field` say why), by kind and time. `reused_id`: whether the id stands for
    several versions. A dead letter is found by what its bytes say, so of an id without a version, or as any version.
    """
    parts = evidence_parts(evidence)
    if parts is None:
        return []
    taken = [_of_event(row) for row in events_by_evidence(tables, scope, [evidence])]
    versions: dict[str, set[str]] = {}
    for row in taken:
        versions.setdefault(row["kind"], set()).add(row["evidence"])
    if parts.version and taken:
        every = evidence.partition("~")[0]
        for row in events_by_evidence(tables, scope, [every]):
            versions.setdefault(row["kind"], set()).add(row["evidence"])
    kinds = KINDS if parts.kind is None else tuple({parts.kind} & set(KINDS))
    try:
        seen = visible_dead_letters(scope)
    except OutsideScope:
        dead = []
    else:
        dead = read(
            tables,
            f"""
            SELECT topic, kind, field, reason, source_partition, source_offset, received_at FROM dead_letter_v
            WHERE topic IN {{topics:Array(String)}} AND {EVENT_ID} = {{event:String}}
                AND {PUBLISHER} = {{publisher:String}} AND {seen.condition}
            ORDER BY topic, received_at, source_offset LIMIT {_MOST_DEAD}
            """,  # noqa: S608 - expressions of our own, bound values
            {
                "topics": [f"in.{kind}" for kind in kinds],
                "event": parts.event_id,
                "publisher": parts.publisher.upper(),
                **seen.values,
            },
        )
    refused = [
        {
            **row,
            "kind": row["topic"].removeprefix("in."),
            "evidence": evidence_id(row["topic"].removeprefix("in."), parts.publisher, parts.event_id),
            "outcome": DEAD,
            "fields": {},
        }
        for row in dead
    ]
    found = [*taken, *refused]
    return [row | {"reused_id": len(versions.get(row["kind"], ())) > 1} for row in found]


def _of_event(row: Row) -> Row:
    fields = dict(row)
    kind, evidence = fields.pop("kind"), fields.pop("evidence")
    placed = {name: fields[name] for name in ("outcome", "source_partition", "source_offset", "received_at")}
    return (
        {"kind": kind, "evidence": evidence, "topic": f"in.{kind}", "field": None, "reason": None}
        | placed
        | {"fields": fields}
    )


def assessed(tables: Tables, scope: Scope, platform_code: str, refs: Sequence[Name]) -> list[Row]:
    """Of listing events of a platform those with which the chains have caught up: `evidence`, `listing_id`, and
    `verdict`, `gap_names` and `listing_event` of the listing's chain. `refs`: listing_id, event_id and evidence id of
    each. A chain has caught up once it rests on the listing's current event; of a listing event that came late that is
    another one.
    """
    seen = visible_chains(scope)
    values = {
        "platform": platform_code,
        "listings": sorted({listing_id for listing_id, _, _ in refs}),
        "refs": sorted({evidence for _, _, evidence in refs}),
        **seen.values,
    }
    here = "platform_code = {platform:String} AND listing_id IN {listings:Array(String)}"
    own = evidence_sql("listing")
    current = f"argMax({own}, (occurred_at, event_id, publisher, tie))"
    return read(
        tables,
        f"""
        SELECT arrayJoin(came) AS evidence, listing_id, verdict, gap_names, listing_event FROM (
            SELECT listing_id, {current} AS rests_on,
                groupUniqArrayIf({own}, has({{refs:Array(String)}}, {own})) AS came
            FROM event_listing WHERE {here} GROUP BY listing_id
        ) AS event
        INNER JOIN (
            SELECT listing_id, verdict, gap_names, listing_event FROM chain_current WHERE {here} AND {seen.condition}
        ) AS found ON event.listing_id = found.listing_id AND event.rests_on = found.listing_event
        """,  # noqa: S608 - expressions of our own, bound values
        values,
    )


def known_events(tables: Tables, scope: Scope, kind: str, firsts: Sequence[str], names: Sequence[Name]) -> list[Row]:
    """Which events of a kind are in the tables already: publisher, event_id and digest of each that is. `firsts`: what
    the events have in the last column of the business key that is never absent, by which the table is sorted.
    """
    seen = visible_events(scope, kind)
    if seen is None:
        raise OutsideScope.of(scope, f"events of kind {kind}")
    return read(
        tables,
        f"""
        SELECT DISTINCT publisher, event_id, digest FROM event_{kind}
        WHERE {narrowing_column(kind)} IN {{firsts:Array(String)}}
            AND (publisher, event_id, digest) IN {{names:Array(Tuple(String, String, String))}} AND {seen.condition}
        """,  # noqa: S608 - a kind of ours, bound values
        {"firsts": list(firsts), "names": [tuple(name) for name in names], **seen.values},
    )


def narrowing_column(kind: str) -> str:
    """Of the first two columns of the business key the last: by it a few events are found among many."""
    return BUSINESS_KEYS[kind][:2][-1]
