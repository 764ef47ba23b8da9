"""How the chain of a listing came to be what it is: its versions, and the events that made each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from suyuan.access.scope import Scope
from suyuan.domain.identifiers.normal_form_sql import normal_form_sql
from suyuan.queries.paging import ListQuery, Order, Page, Paged, number, read_page
from suyuan.queries.rows import Row, Tables, read
from suyuan.queries.sql.evidence import Named, events_where, parsed
from suyuan.queries.sql.parties import with_parties
from suyuan.queries.visible import visible_chains, visible_of_kinds

_OF_LISTING = (
    f"platform_code = {normal_form_sql('code', '{platform_code:String}')}",
    f"listing_id = {normal_form_sql('number', '{listing_id:String}')}",
)
_NEWEST_FIRST = Order((number("revision", descending=True), number("assessment", descending=True)))
_MOST_VERSIONS = 500
"""of a page: they are read whole"""
_MOST_EVENTS = 2_000
_MOST_IDS = 500
_CAME = "toUnixTimestamp64Milli(received_at) IN {known:Array(Int64)}"
_TOLD = ("publisher", "occurred_at", "received_at")
_CAUSE = ("kind", "evidence", "publisher", "occurred_at", "received_at")

_ABOUT = {
    "listing": "platform_code = {platform_code:String} AND listing_id = {listing_id:String}",
    "entity": "code IN {parties:Array(String)}",
    "licence": "(licence_no IN {licences:Array(String)} OR holder_code IN {makers:Array(String)})",
    "product": "gtin IN {gtins:Array(String)}",
    "lot": "producer_code IN {makers:Array(String)} AND gtin IN {gtins:Array(String)} AND lot IN {lots:Array(String)}",
    "shipment": "producer_code IN {makers:Array(String)} AND gtin IN {gtins:Array(String)}"
    " AND lot IN {lots:Array(String)}",
    "inspection": "producer_code IN {makers:Array(String)} AND gtin IN {gtins:Array(String)}",
    "recall": "producer_code IN {makers:Array(String)} AND gtin IN {gtins:Array(String)}",
    "penalty": "subject_code IN {parties:Array(String)}",
    "day": "1",
}
"""which events of a kind may have made a version of a chain"""


def chain_versions(tables: Tables, scope: Scope, platform_code: str, listing_id: str, page: Page) -> Paged[Row]:
    """Every assessment of a listing's chain, the newest first: what it said, `gained` and `lost` (names of gaps, by
    comparison with the one before) and `causes`, the events of which the log took in the latest when the chain changed,
    or which it rests on for the first time; of events that the scope shows none of, nothing is told.
    """
    visible = visible_chains(scope)
    limit = min(page.limit, _MOST_VERSIONS)
    versions = ListQuery(
        "SELECT * FROM chain_history",
        [*_OF_LISTING, visible.condition],
        {"platform_code": platform_code, "listing_id": listing_id, **visible.values},
        _NEWEST_FIRST,
        "LIMIT 1 BY revision, assessment",
    )
    wider = read_page(tables, versions, Page(limit + 1, page.after))
    whole = with_parties(tables, wider.rows)
    told: list[Row | None] = [*whole] if wider.more else [*whole, None]
    pairs = [(later, earlier) for later, earlier in pairwise(told) if later is not None][:limit]
    events = _events(tables, scope, pairs)
    rows = [_version(later, earlier, events) for later, earlier in pairs]
    after = _NEWEST_FIRST.cursor(rows[-1]) if rows else page.after
    return Paged(rows, after, len(wider.rows) > limit)


def first_chain(tables: Tables, scope: Scope, platform_code: str, listing_id: str) -> int | None:
    """When the first chain of a listing was known, ms UTC; None: never, or nothing that the scope shows."""
    visible = visible_chains(scope)
    (found,) = read(
        tables,
        f"SELECT count() AS n, min(received_at) AS first FROM chain_history"  # noqa: S608
        f" WHERE {' AND '.join(_OF_LISTING)} AND {visible.condition}",
        {"platform_code": platform_code, "listing_id": listing_id, **visible.values},
    )
    return found["first"] if found["n"] else None


def _version(later: Row, earlier: Row | None, events: Sequence[Row]) -> Row:
    gaps, former = set(later["gap_names"]), set(earlier["gap_names"]) if earlier else set()
    came = [
        event
        for event in events
        if event["received_at"] == later["received_at"]
        and (event["kind"] != "listing" or event["evidence"] == later["listing_event"])
    ]
    if not came and earlier is not None:
        new = _cited(later) - _cited(earlier)
        came = [event for event in events if event["evidence"] in new]
    causes = [{name: event[name] for name in _CAUSE} for event in came]
    causes.sort(key=lambda cause: (-cause["received_at"], cause["kind"], cause["evidence"]))
    return {**later, "gained": sorted(gaps - former), "lost": sorted(former - gaps), "causes": causes}


def _cited(chain: Row) -> set[str]:
    return {
        chain["listing_event"],
        *(evidence for gap in chain["gaps"] for evidence in gap["evidence"]),
        *(part["evidence"] for part in (*chain["nodes"], *chain["hops"]) if part["evidence"]),
    }


def _events(tables: Tables, scope: Scope, pairs: Sequence[tuple[Row, Row | None]]) -> list[Row]:
    """Those that may be causes: what is about a party of the chain and came when a version did; and what a version
    rests on for the first time.
    """
    if not pairs:
        return []
    versions = [later for later, _ in pairs]
    new = {evidence for later, earlier in pairs if earlier is not None for evidence in _cited(later) - _cited(earlier)}
    named = list(parsed(sorted(new)[:_MOST_IDS]))
    values: dict[str, Any] = {
        "platform_code": versions[0]["platform_code"],
        "listing_id": versions[0]["listing_id"],
        "parties": _distinct(versions, "seller_code", "producer_code"),
        "makers": _distinct(versions, "producer_code"),
        "gtins": _distinct(versions, "gtin"),
        "lots": _distinct(versions, "lot"),
        "licences": _distinct(versions, "licence_no"),
        "known": sorted({version["received_at"] for version in versions}),
    }
    conditions = {}
    for kind, visible in visible_of_kinds(scope).items():
        these = Named.of(kind, named)
        either = [f"({_ABOUT[kind]} AND {_CAME})"] if kind in _ABOUT else []
        either += [f"({these.condition})"] if these is not None else []
        if either:
            conditions[kind] = f"outcome = 'accepted' AND ({' OR '.join(either)}) AND {visible.condition}"
            values |= {**visible.values, **(these.values if these is not None else {})}
    return events_where(tables, conditions, values, _MOST_EVENTS, only=_TOLD)


def _distinct(rows: Iterable[Row], *names: str) -> list[str]:
    return sorted({row[name] for row in rows for name in names if row[name] is not None})
