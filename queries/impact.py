"""What a recall touches, and what became of it since it was published."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from suyuan.access.scope import OutsideScope, Scope
from suyuan.queries.answers import LotName
from suyuan.queries.hops.described import Descriptions
from suyuan.queries.hops.nodes import NodeKey
from suyuan.queries.hops.seen import Seen
from suyuan.queries.records import LotKey, Records, chunks, key_of
from suyuan.queries.rows import Row, Tables
from suyuan.queries.tracing.lineage import Lineage, downstream

_NAMED = "producer_code = {recall_by:String} AND recall_no = {recall_no:String}"
_LOTS = "(producer_code, gtin, lot) IN {lots:Array(Tuple(String, String, String))}"
_DECLARES = """
    gtin IN {gtins:Array(String)}
    AND (ifNull(producer_code, ''), ifNull(gtin, ''), ifNull(lot, '')) IN {lots:Array(Tuple(String, String, String))}
"""
_NO_LOT = "gtin IN {gtins:Array(String)} AND lot IS NULL"

Fate = Literal["on_sale", "removed", "relisted", "changed"]


class TouchedLot(msgspec.Struct, frozen=True):
    """A lot under the recall (`depth` 0), or made from such. `quantity`: None where nobody knows, or the scope does not
    show it.
    """

    key: LotName
    depth: int
    name: str | None
    division: str | None
    outside: bool
    quantity: int | None


class TouchedHolder(msgspec.Struct, frozen=True):
    """Who had some of a lot; units that they have and had, None of one `outside` of the scope."""

    lot: LotName
    holder: str
    name: str | None
    status: str | None
    division: str | None
    outside: bool
    received: int | None
    sent: int | None
    held: int | None


class TouchedListing(msgspec.Struct, frozen=True):
    """A listing that offered such a lot (`certain`), or its product without a lot (`possible`), when the recall was
    published or later. `fate`: what it does now; `removed_at`: when it was last known to be taken off, ms UTC.
    """

    certainty: Literal["certain", "possible"]
    fate: Fate
    platform_code: str
    listing_id: str
    title: str | None
    verdict: str
    seller_code: str | None
    seller_division: str | None
    removed_at: int | None
    relisted_at: int | None


class Impact(msgspec.Struct, frozen=True):
    """`recalls`: the notice's records, one a product. `happened_at`, `known_at`: when it was first published, by its
    publisher's clock, and known. `partial`: the scope does not show all that it touches.
    """

    producer_code: str
    recall_no: str
    as_of: int | None
    recalls: list[Row]
    happened_at: int
    known_at: int
    lots: list[TouchedLot]
    holders: list[TouchedHolder]
    listings: list[TouchedListing]
    partial: bool


def impact(tables: Tables, scope: Scope, producer_code: str, recall_no: str, as_of: int | None = None) -> Impact | None:
    """Of a recall, open or closed, as it is or as it was known at `as_of` (ms UTC). None for no such recall then, or
    one that neither is nor touches anything within the scope.
    """
    if not scope.parts:
        raise OutsideScope.of(scope, "the impact of recalls")
    seen = Seen(tables, scope, as_of, None)
    named = {"recall_by": producer_code, "recall_no": recall_no}
    recalls = seen.read(f"SELECT * FROM ({seen.records('recall', '*', _NAMED, by_key=True)}) ORDER BY gtin", named)  # noqa: S608
    if not recalls:
        return None
    records = Records(tables, as_of)
    lineage = downstream(records, _begin(records, recalls))
    (first,) = seen.read(
        "SELECT min(occurred_at) AS happened_at, min(received_at) AS known_at FROM event_recall"  # noqa: S608
        f" WHERE outcome = 'accepted' AND {_NAMED}",
        named,
    )
    lots, holders = _touched(seen, records, lineage)
    gtins = {recall["gtin"] for recall in recalls} | {key.gtin for key in lineage.depth}
    listings, hidden = _listings(seen, lineage, gtins, first["known_at"])
    outside = [*(each.outside for each in lots), *(each.outside for each in holders)]
    inside = any(recall["seen"] for recall in recalls) or bool(listings)
    if not inside and all(outside):
        return None
    for recall in recalls:
        del recall["seen"]
    partial = hidden or any(outside)
    return Impact(
        producer_code,
        recall_no,
        as_of,
        recalls,
        first["happened_at"],
        first["known_at"],
        lots,
        holders,
        listings,
        partial,
    )


def _begin(records: Records, recalls: list[Row]) -> set[LotKey]:
    """The lots that a recall names; where it names none, every one that is known of the product."""
    named = {LotKey(recall["producer_code"], recall["gtin"], lot) for recall in recalls for lot in recall["lots"]}
    for recall in recalls:
        if not recall["lots"]:
            of_product = records.lots_of_product(recall["gtin"])
            named |= {lot for lot in of_product if lot.producer_code == recall["producer_code"]}
    return named


def _touched(seen: Seen, records: Records, lineage: Lineage) -> tuple[list[TouchedLot], list[TouchedHolder]]:
    have = {(key, key.producer_code) for key in lineage.records}
    for shipment in records.shipments(lineage.depth):
        if shipment["quantity"] > 0:
            have |= {(key_of(shipment), shipment[end]) for end in ("from_code", "to_code")}
    nodes = [NodeKey.of_lot(key) for key in lineage.depth]
    nodes += [NodeKey("holding", (*lot, holder)) for lot, holder in have]
    told = {node: described for some in chunks(sorted(nodes)) for node, described in _described(seen, some)}
    lots = []
    for key, depth in sorted(lineage.depth.items(), key=lambda item: (item[1], item[0])):
        one = told[NodeKey.of_lot(key)]
        lots.append(TouchedLot(LotName(*key), depth, one.name, one.division, one.outside, one.detail.get("quantity")))
    holders = []
    for lot, holder in sorted(have):
        one = told[NodeKey("holding", (*lot, holder))]
        quantities = [one.detail.get(name) for name in ("received", "sent", "held")]
        holders.append(
            TouchedHolder(LotName(*lot), holder, one.name, one.status, one.division, one.outside, *quantities)
        )
    return lots, holders


def _described(seen: Seen, nodes: list[NodeKey]) -> Any:
    found = Descriptions(seen, nodes)
    return [(node, found.of(node)) for node in nodes]


def _listings(seen: Seen, lineage: Lineage, gtins: set[str], published: int) -> tuple[list[TouchedListing], bool]:
    """Those that the scope shows, by certainty and name; whether there are others."""
    rows: list[Row] = []
    for some in chunks(sorted(lineage.depth)):
        values = {"lots": some, "gtins": sorted({lot.gtin for lot in some})}
        rows += _fates(seen, "certain", _DECLARES, values, published)
    for products in chunks(sorted(gtins)):
        rows += _fates(seen, "possible", _NO_LOT, {"gtins": products}, published)
    certain = {(row["platform_code"], row["listing_id"]) for row in rows if row["certainty"] == "certain"}
    rows = [
        row for row in rows if row["certainty"] == "certain" or (row["platform_code"], row["listing_id"]) not in certain
    ]
    shown = [
        TouchedListing(**{name: row[name] for name in TouchedListing.__struct_fields__}) for row in rows if row["seen"]
    ]
    shown.sort(key=lambda each: (each.certainty, each.platform_code, each.listing_id))
    return shown, len(shown) < len(rows)


def _fates(seen: Seen, certainty: str, condition: str, values: dict[str, Any], published: int) -> list[Row]:
    """What became of listings that met a condition at `published` or later: by the versions of their chains."""
    since = "received_at >= fromUnixTimestamp64Milli({published:Int64})"
    return seen.read(
        f"""
        SELECT '{certainty}' AS certainty, platform_code, listing_id, now.1 AS title, now.2 AS verdict,
            now.3 AS seller_code, now.4 AS seller_division, now.5 AS seen, removed_at, relisted_at,
            multiIf(
                now.6 != 'active', 'removed', NOT now.7, 'changed', removed_at IS NOT NULL, 'relisted', 'on_sale'
            ) AS fate
        FROM (
            SELECT platform_code, listing_id,
                argMax((title, verdict, seller_code, seller_division, seen, status, fits), version) AS now,
                max(if(removal, toNullable(received_at), NULL)) AS removed_at,
                max(if(relisting, toNullable(received_at), NULL)) AS relisted_at,
                max(fits AND status = 'active' AND {since}) OR max(before_fits AND {since}) AS touched
            FROM (
                SELECT *, before_fits AND status != 'active' AND {since} AS removal,
                    before_status = 'removed' AND fits AND status = 'active' AND {since} AS relisting
                FROM (
                    SELECT *, lagInFrame(status) OVER w AS before_status,
                        lagInFrame(fits AND status = 'active') OVER w AS before_fits
                    FROM ({seen.versions(condition)})
                    WINDOW w AS (
                        PARTITION BY platform_code, listing_id ORDER BY version
                        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                    )
                )
            )
            GROUP BY platform_code, listing_id
        ) WHERE touched OR (now.7 AND now.6 = 'active')
        """,  # noqa: S608 - fixed texts, bound values
        {**values, "published": published},
    )
