"""Trace chains: many by what they are like, and one with everything that it rests on."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from suyuan.access.scope import Scope
from suyuan.domain.identifiers.normal_form_sql import normal_form_sql
from suyuan.queries.paging import ListQuery, Order, Page, Paged, read_page, text
from suyuan.queries.records import Records, known_by
from suyuan.queries.rows import Row, Tables, read
from suyuan.queries.sql.parties import with_parties
from suyuan.queries.visible import sees_code, sees_division, visible_chains

CONDITIONS = {
    "verdict": "verdict = {verdict:String}",
    "gap": "has(gap_names, {gap:String})",
    "platform_code": f"platform_code = {normal_form_sql('code', '{platform_code:String}')}",
    "listing_id": f"listing_id = {normal_form_sql('number', '{listing_id:String}')}",
    "seller_code": f"seller_code = {normal_form_sql('code', '{seller_code:String}')}",
    "producer_code": f"producer_code = {normal_form_sql('code', '{producer_code:String}')}",
    "gtin": f"gtin = {normal_form_sql('gtin', '{gtin:String}')}",
    "lot": f"lot = {normal_form_sql('text', '{lot:String}')}",
    "seller_division": "startsWith(ifNull(seller_division, ''), {seller_division:String})",
    "producer_division": "startsWith(ifNull(producer_division, ''), {producer_division:String})",
    "listed_since": "listed_at >= fromUnixTimestamp64Milli({listed_since:Int64})",
    "listed_until": "listed_at < fromUnixTimestamp64Milli({listed_until:Int64})",
}
"""on chains, by the name of the value that each is bound to"""


@dataclass(frozen=True, slots=True)
class ChainFilter:
    """What is None does not matter. Divisions by their first digits: 33 is a province, 3301 a city in it.
    `listed_since`, `listed_until`: ms UTC, when the listing was last said, the latter not included.
    """

    verdict: str | None = None
    gap: str | None = None
    platform_code: str | None = None
    seller_code: str | None = None
    producer_code: str | None = None
    gtin: str | None = None
    lot: str | None = None
    seller_division: str | None = None
    producer_division: str | None = None
    listed_since: int | None = None
    listed_until: int | None = None


BY_LISTING = Order((text("platform_code"), text("listing_id")))


def chains(tables: Tables, scope: Scope, wanted: ChainFilter, page: Page) -> Paged[Row]:
    """Current chains by platform and listing, without nodes and hops; `gaps` as dicts, `gap_names` sorted."""
    return read_page(tables, list_of_chains(scope, wanted), page)


def list_of_chains(scope: Scope, wanted: ChainFilter) -> ListQuery:
    """The list that `chains` has pages of."""
    values = {name: value for name, value in asdict(wanted).items() if value is not None}
    visible = visible_chains(scope)
    return ListQuery(
        "SELECT * FROM chain_current",
        [*(CONDITIONS[name] for name in values), visible.condition],
        {**values, **visible.values},
        BY_LISTING,
    )


def chain(
    tables: Tables,
    scope: Scope,
    platform_code: str,
    listing_id: str,
    as_of: int | None = None,
    happened_by: int | None = None,
) -> Row | None:
    """The whole chain of a listing, as it is or as it was known at `as_of` (ms UTC), the latest that rests on nothing
    later than `happened_by`; None for no such listing then.

    `gaps`, `nodes` and `hops` are lists of dicts, the latter two empty where they are not loaded yet; nodes of platform
    and holders are named by their entity records. A node that the scope does not show is `outside`, without evidence;
    so is a hop between such, without its quantity too.
    """
    known = known_by("received_at", as_of, "as_of") + known_by("as_of", happened_by, "happened_by")
    visible = visible_chains(scope)
    found = read(
        tables,
        f"""
        SELECT * FROM (
            SELECT * FROM chain_history
            WHERE {CONDITIONS["platform_code"]} AND {CONDITIONS["listing_id"]} {known}
            ORDER BY version DESC LIMIT 1
        ) WHERE {visible.condition}
        """,  # noqa: S608 - fixed texts, bound values
        {
            "platform_code": platform_code,
            "listing_id": listing_id,
            "as_of": as_of,
            "happened_by": happened_by,
            **visible.values,
        },
    )
    if not found:
        return None
    (whole,) = with_parties(tables, found)
    _name_nodes(Records(tables, as_of, happened_by), whole)
    _leave_stubs(scope, whole)
    return whole


def _name_nodes(records: Records, whole: Row) -> None:
    bare = [node for node in whole["nodes"] if node["role"] in {"platform", "holder"}]
    entities = records.entities({node["id"] for node in bare})
    for node in bare:
        if (entity := entities.get(node["id"])) is not None:
            for field in ("name", "status", "division", "evidence"):
                node[field] = node[field] if node[field] is not None else entity[field]


def _leave_stubs(scope: Scope, whole: Row) -> None:
    """Of parties outside of the scope a chain tells no more than who they are."""
    divisions = {node["id"]: node["division"] for node in whole["nodes"] if node["division"]}
    divisions |= {whole[f"{role}_code"]: whole[f"{role}_division"] for role in ("seller", "producer")}

    def shows(code: str | None) -> bool:
        return sees_division(scope, divisions.get(code)) or (code is not None and sees_code(scope, code))

    of_producer = shows(whole["producer_code"])
    for node in whole["nodes"]:
        party = node["role"] in {"platform", "seller", "holder", "producer"}
        node["outside"] = not (shows(node["id"]) if party else of_producer)
        if node["outside"]:
            node["evidence"] = None
    for hop in whole["hops"]:
        hop["outside"] = not (of_producer or shows(hop["from_code"]) or shows(hop["to_code"]))
        if hop["outside"]:
            hop["quantity"] = hop["evidence"] = None
