"""The events that chains, gaps and alerts name as their evidence: all kinds by one question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suyuan.access.scope import Scope
from suyuan.domain.evidence import Evidence, evidence_id, evidence_parts
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.rows import Row, Tables, read
from suyuan.queries.visible import visible_kinds
from suyuan.schemas.kinds import KINDS
from suyuan.sinks.tables import event_columns, key_columns, list_columns

MOST_IDS = 100
"""evidence ids asked for at once"""
_MOST_ROWS = 2_000
_NEEDED = ("publisher", "event_id", "digest", "occurred_at", "received_at", "source_offset")
"""what events are named and put in order by"""

_NAMED = """
    event_id IN {{{kind}_events:Array(String)}} AND arrayExists(
        one -> publisher = one.1 AND event_id = one.2 AND startsWith(digest, one.3),
        {{{kind}_named:Array(Tuple(String, String, String))}}
    )
"""


def events_by_evidence(tables: Tables, scope: Scope, ids: Iterable[str]) -> list[Row]:
    """The events of at most MOST_IDS evidence ids (`suyuan.domain.evidence`), each with `kind` and `evidence` before
    its own fields, by kind and time; of an id without a version all versions. What no event answers to is left out.
    """
    wanted = sorted(set(ids))
    if len(wanted) > MOST_IDS:
        raise SuyuanError(
            f"{len(wanted)} evidence ids: at most {MOST_IDS} are looked up at once; ask for the others after them",
            ErrorKind.USAGE,
        )
    named = list(parsed(wanted))
    conditions: dict[str, str] = {}
    values: dict[str, Any] = {}
    for kind, visible in visible_kinds(scope).items():
        these = Named.of(kind, named)
        if these is not None:
            conditions[kind] = f"{these.condition} AND {visible.condition}"
            values |= {**these.values, **visible.values}
    found = events_where(tables, conditions, values, _MOST_ROWS + 1)
    if len(found) > _MOST_ROWS:
        raise SuyuanError(
            f"more than {_MOST_ROWS:,} versions of events have these ids: name fewer, or versions (`~…`)",
            ErrorKind.USAGE,
        )
    return found


@dataclass(frozen=True, slots=True)
class Named:
    """The events of a kind that have some ids: a condition on event_<kind>, and the values that are bound to it."""

    condition: str
    values: Mapping[str, Any]

    @classmethod
    def of(cls, kind: str, named: Iterable[Evidence]) -> Named | None:
        """None where none of them is of this kind."""
        these = [(each.publisher, each.event_id, each.version) for each in named if each.kind in (kind, None)]
        if not these:
            return None
        values = {f"{kind}_named": these, f"{kind}_events": sorted({event for _, event, _ in these})}
        return cls(_NAMED.format(kind=kind), values)


def parsed(ids: Iterable[str]) -> Iterator[Evidence]:
    """What evidence ids name, without what is none."""
    return (parts for evidence in ids if (parts := evidence_parts(evidence)) is not None)


def events_where(
    tables: Tables,
    conditions: Mapping[str, str],
    values: Mapping[str, Any],
    limit: int,
    *,
    newest: bool = False,
    only: Sequence[str] | None = None,
) -> list[Row]:
    """Events that meet the condition of their kind, each once: `kind`, `evidence`, and its own fields, or `only` those
    that every kind has; by kind and time, or the `newest` first, by when they happened. Conditions are texts of our
    own.
    """
    if not conditions:
        return []
    own = {kind: event_columns(kind) if only is None else only for kind in conditions}
    columns = list(dict.fromkeys(column for some in (*own.values(), _NEEDED) for column in some))
    lists = frozenset(column for kind in conditions for column in list_columns(kind))
    selects = " UNION ALL ".join(
        _select(
            kind,
            condition,
            [column if column in {*own[kind], *_NEEDED} else _absent(column, lists) for column in columns],
        )
        for kind, condition in conditions.items()
    )
    order = "kind_number, occurred_at, received_at, source_offset"
    if newest:
        order = "occurred_at DESC, received_at DESC, kind_number, publisher, event_id, digest"
    rows = read(
        tables,
        f"SELECT * FROM ({selects}) ORDER BY {order} LIMIT {limit}",  # noqa: S608
        values,
    )
    return [_told(row, own[KINDS[row["kind_number"]]]) for row in rows]


def _told(row: Row, columns: Iterable[str]) -> Row:
    kind = KINDS[row["kind_number"]]
    evidence = evidence_id(kind, row["publisher"], row["event_id"], row["digest"])
    return {"kind": kind, "evidence": evidence} | {column: row[column] for column in columns}


def _absent(column: str, lists: frozenset[str]) -> str:
    """What a kind has in a column that is another's."""
    return f"{'[]' if column in lists else 'NULL'} AS {column}"


def _select(kind: str, condition: str, columns: Iterable[str]) -> str:
    once = ", ".join([*key_columns(kind), "publisher", "event_id", "digest"])
    return f"""
        SELECT {KINDS.index(kind)} AS kind_number, {", ".join(columns)}
        FROM event_{kind} WHERE {condition}
        ORDER BY {once}, source_partition, source_offset LIMIT 1 BY {once}
    """  # noqa: S608 - kinds and columns of our own, bound values
