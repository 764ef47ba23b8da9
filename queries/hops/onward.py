"""How many nodes are next to some, on the same way further: by one query."""

from __future__ import annotations

from collections.abc import Iterable

from suyuan.domain.facts.genealogy import is_followed
from suyuan.queries.hops.nodes import NodeKey
from suyuan.queries.hops.seen import Seen
from suyuan.queries.records import made_from

_OF_LOTS = "(producer_code, gtin, lot) IN {onward_lots:Array(Tuple(String, String, String))}"
_INPUT = "(input.producer_code, input.gtin, input.lot)"
_FOLLOWED = "{onward_followed:Array(Tuple(String, String, String))}"
_DECLARED = "(ifNull(producer_code, ''), ifNull(gtin, ''), ifNull(lot, ''))"


def onward(seen: Seen, nodes: Iterable[NodeKey]) -> dict[NodeKey, int]:
    """For lots and products, what a hop forward would find: lots made from a lot or of a product, those that have some
    of it, listings.
    """
    nodes = set(nodes)
    lots = sorted(node.lot for node in nodes if node.kind == "lot")
    gtins = sorted(node.parts[0] for node in nodes if node.kind == "product")
    selects = []
    if lots:
        made = seen.records("lot", made_from("onward_followed"), by_key=False)
        shipments = seen.records("shipment", _OF_LOTS, by_key=True)
        known = seen.records("lot", _OF_LOTS, by_key=True)
        own = "(producer_code, gtin, lot)"
        offers = seen.chains(
            f"gtin IN {{onward_gtins:Array(String)}} AND (lot IS NULL OR {_DECLARED} IN {{onward_lots:{_TUPLES}}})"
        )
        of_product = f"arrayFilter(each -> each.2 = gtin, {{onward_lots:{_TUPLES}}})"
        selects += [
            f"""
            SELECT 'lot' AS kind, [one.1, one.2, one.3] AS key, uniqExact(other) AS n FROM (
                SELECT {_INPUT} AS one, {own} AS other FROM (SELECT *, arrayJoin(inputs) AS input FROM ({made}))
                WHERE {_INPUT} IN {_FOLLOWED}
            ) GROUP BY one
            """,  # noqa: S608 - fixed texts, bound values
            f"""
            SELECT 'lot' AS kind, [one.1, one.2, one.3] AS key, uniqExact(holder) AS n FROM (
                SELECT {own} AS one, arrayJoin([from_code, to_code]) AS holder FROM ({shipments})
                WHERE quantity > 0 AND seen
                UNION ALL SELECT {own} AS one, producer_code AS holder FROM ({known})
            ) GROUP BY one
            """,  # noqa: S608 - as above
            f"""
            SELECT 'lot' AS kind, [one.1, one.2, one.3] AS key, count() AS n FROM (
                SELECT arrayJoin(if(lot IS NULL, {of_product}, [{_DECLARED}])) AS one
                FROM ({offers}) WHERE status = 'active'
            ) GROUP BY one
            """,  # noqa: S608 - as above
        ]
    if gtins:
        of_products = seen.records("lot", "gtin IN {onward_products:Array(String)}", by_key=True)
        chains = seen.chains("gtin IN {onward_products:Array(String)} AND lot IS NULL")
        selects += [
            f"SELECT 'product' AS kind, [gtin] AS key, count() AS n FROM ({of_products}) GROUP BY gtin",  # noqa: S608
            f"""
            SELECT 'product' AS kind, [ifNull(gtin, '')] AS key, count() AS n FROM ({chains})
            WHERE status = 'active' GROUP BY gtin
            """,  # noqa: S608 - as above
        ]
    if not selects:
        return {}
    values = {
        "onward_lots": lots,
        "onward_followed": [lot for lot in lots if is_followed(*lot)],
        "onward_gtins": sorted({lot.gtin for lot in lots}),
        "onward_products": gtins,
    }
    statement = f"SELECT kind, key, sum(n) AS n FROM ({' UNION ALL '.join(selects)}) GROUP BY kind, key"  # noqa: S608
    counts = {NodeKey(row["kind"], tuple(row["key"])): int(row["n"]) for row in seen.read(statement, values)}
    return {node: counts.get(node, 0) for node in nodes if node.kind in {"lot", "product"}}


_TUPLES = "Array(Tuple(String, String, String))"
