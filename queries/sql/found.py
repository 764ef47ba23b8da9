"""What is known of the records that were found: chains and alerts of listings, and records themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from suyuan.access.scope import OutsideScope, Scope
from suyuan.domain.evidence import evidence_sql
from suyuan.queries.alert_parts import seen_alerts
from suyuan.queries.rows import Row, Tables, read, where_clause
from suyuan.queries.sql.alerts import alerts_of_findings
from suyuan.queries.sql.identifiers import OF_FORMS, in_names
from suyuan.queries.visible import Visible, visible_chains, visible_events, visible_findings, visible_identifiers
from suyuan.schemas.fields import Field
from suyuan.schemas.kinds import BUSINESS_KEYS, event_schema
from suyuan.sinks.tables import key_columns

CHAIN_FIELDS = (
    *("platform_code", "listing_id", "status", "title", "seller_code", "producer_code", "gtin", "lot"),
    "licence_no",
)
ALERT_FIELDS = (
    *("alert_id", "rule", "severity", "state", "title_zh", "title_en", "subject", "platform_code", "listing_id"),
    "toString(listings)",
    "toString(toUnixTimestamp64Milli(raised_at))",
)
_RANK = "toString(indexOf(['critical', 'high', 'medium', 'low'], severity))"
_NEWEST = "leftPad(toString(9999999999999 - toUnixTimestamp64Milli(raised_at)), 13, '0')"


@dataclass(frozen=True, slots=True)
class Wanted:
    """`forms` or `words` by which listings were found; `platform`: a code that may be a platform's, of which all
    listings are meant; `named`: listings are told by their names alone, which is less to read where they are many;
    `records`: by kind, the business keys of which more is to be known.
    """

    forms: Sequence[str] = ()
    words: Sequence[str] = ()
    listings: bool = False
    platform: str | None = None
    named: bool = False
    records: Mapping[str, Sequence[tuple[str, ...]]] = field(default_factory=dict)


def found(tables: Tables, scope: Scope, wanted: Wanted) -> list[Row]:
    """Rows of (`what`, `label`, `n`, `values`), by one query.

    `chain`: of a verdict (`label`) so many, the first by CHAIN_FIELDS, or the first two of these; `alert`: of a state
    so many, the gravest and newest by ALERT_FIELDS behind two that they are ordered by; a kind: a record, its evidence
    id, when it occurred (ms), and pairs of field and value.
    """
    parts: list[str] = []
    values: dict[str, Any] = {}
    condition, bound = _listings(scope, wanted)
    if condition:
        fields = CHAIN_FIELDS[:2] if wanted.named else CHAIN_FIELDS
        with suppress(OutsideScope):
            visible = visible_chains(scope)
            parts.append(_chains(fields, condition, visible))
            values |= {**bound, **visible.values}
        with suppress(OutsideScope):
            statement, seen = _alerts(scope, condition)
            parts.append(statement)
            values |= {**bound, **seen}
    for kind, keys in wanted.records.items():
        visible_record = visible_events(scope, kind)
        if keys and visible_record is not None:
            parts.append(_records(kind, visible_record))
            values |= {f"{kind}_keys": list(keys) if len(BUSINESS_KEYS[kind]) > 1 else [key for (key,) in keys]}
            values |= visible_record.values
    return read(tables, " UNION ALL ".join(parts), values) if parts else []


def _listings(scope: Scope, wanted: Wanted) -> tuple[str, dict[str, Any]]:
    """Which of the rows by platform and listing are meant; nothing for none."""
    conditions: list[str] = []
    values: dict[str, Any] = {}
    if wanted.listings:
        visible = visible_identifiers(scope)
        named, bound = (OF_FORMS, {"forms": list(wanted.forms)}) if wanted.forms else in_names(wanted.words)
        table = "identifier" if wanted.forms else "name"
        part = "splitByChar('\\x1f', subject)[{}]"
        conditions.append(
            f"""(platform_code, listing_id) GLOBAL IN (
                SELECT {part.format(1)}, {part.format(2)} FROM {table}
                WHERE kind = 'listing' AND {named} AND {visible.condition}
            )"""  # noqa: S608 - fixed texts, bound values, here and below
        )
        values |= {**bound, **visible.values}
    if wanted.platform is not None:
        conditions.append("platform_code = {platform:String}")
        values["platform"] = wanted.platform
    return f"({' OR '.join(conditions)})" if conditions else "", values


def chains_of(tables: Tables, scope: Scope, listings: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], list[str]]:
    """CHAIN_FIELDS of the current chains of some listings, by platform and listing. Raises OutsideScope."""
    visible = visible_chains(scope)
    rows = read(
        tables,
        f"""
        SELECT [{_shown(CHAIN_FIELDS)}] AS said FROM (
            SELECT * FROM chain WHERE (platform_code, listing_id) IN {{listings:Array(Tuple(String, String))}}
            ORDER BY platform_code, listing_id, version DESC LIMIT 1 BY platform_code, listing_id
        ) WHERE {visible.condition}
        """,  # noqa: S608
        {"listings": list(listings), **visible.values},
    )
    return {tuple(row["said"][:2]): row["said"] for row in rows}


def _shown(fields: Sequence[str]) -> str:
    return ", ".join(f"ifNull({name}, '')" for name in fields)


def _chains(fields: Sequence[str], condition: str, visible: Visible) -> str:
    shown = _shown(fields)
    return f"""
        SELECT 'chain' AS what, verdict AS label, toInt64(count()) AS n, groupArraySorted(5)([{shown}]) AS values
        FROM (
            SELECT * FROM chain WHERE {condition}
            ORDER BY platform_code, listing_id, version DESC LIMIT 1 BY platform_code, listing_id
        )
        WHERE {visible.condition} GROUP BY verdict
    """  # noqa: S608


def _alerts(scope: Scope, condition: str) -> tuple[str, Mapping[str, Any]]:
    """Those about a listing, and those that cover one which stands."""
    shown = ", ".join(f"ifNull({name}, '')" for name in (_RANK, _NEWEST, *ALERT_FIELDS))
    of_findings = alerts_of_findings(scope, condition)
    latest = f"""(
        SELECT * FROM alert_state WHERE ifNull({condition}, 0) OR {of_findings}
        ORDER BY alert_id, version DESC LIMIT 1 BY alert_id
    )"""  # noqa: S608
    seen = seen_alerts(scope, latest)
    statement = f"""
        SELECT 'alert' AS what, state AS label, toInt64(count()) AS n, groupArraySorted(5)([{shown}]) AS values
        FROM ({seen.select} {where_clause([*seen.conditions])}) GROUP BY state
    """  # noqa: S608
    return statement, {**seen.values, **visible_findings(scope).values}


def _records(kind: str, visible: Visible) -> str:
    key = key_columns(kind)
    columns = f"({', '.join(key)})" if len(key) > 1 else key[0]
    type_ = f"Tuple({', '.join('String' for _ in key)})" if len(key) > 1 else "String"
    facts = ", ".join(f"['{each.name}', {_text(each)}]" for each in event_schema(kind).fields if _is_plain(each))
    return f"""
        SELECT '{kind}' AS what, {evidence_sql(kind)} AS label, toUnixTimestamp64Milli(occurred_at) AS n,
            [{facts}] AS values
        FROM (
            SELECT * FROM event_{kind}
            WHERE outcome = 'accepted' AND {columns} IN {{{kind}_keys:Array({type_})}} AND {visible.condition}
            ORDER BY {", ".join(key)}, occurred_at DESC, event_id DESC, publisher DESC, tie DESC, source_offset
            LIMIT 1 BY {", ".join(key)}
        )
    """  # noqa: S608


def _is_plain(each: Field) -> bool:
    """Neither a list nor what is kept from the eyes of most."""
    return each.items is None and each.form != "pseudonym" and each.name not in {"event_id", "publisher", "occurred_at"}


def _text(each: Field) -> str:
    return f"ifNull(toString({each.name}), '')" if each.optional else f"toString({each.name})"
