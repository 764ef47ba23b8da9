"""How many nodes are next to some, on the same way further: by one query."""

from __future__ import annotations

from collections.abc import Iterable

from suyuan.domain.facts.genealogy import is_followed
from suyuan.queries.hops.nodes import NodeKey
from suyuan.queries.hops.seen import Seen
from suyuan.queries.records import made_from, of_lots

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
    these, values = of_lots("onward_lots", lots)
    if lots:
        own = "(producer_code, gtin, lot)"
        made = seen.records("lot", f"inputs, {own} AS other", made_from("onward_followed"), by_key=False)
        shipped = "producer_code, gtin, lot, quantity, from_code, to_code"
        shipments = seen.records("shipment", shipped, these, by_key=True)
        known = seen.records("lot", "producer_code, gtin, lot", these, by_key=True)
        offers = seen.chains(
            "gtin, lot, producer_code",
            f"gtin IN {{onward_gtins:Array(String)}} AND (lot IS NULL OR {_DECLARED} IN {{onward_lots:{_TUPLES}}})",
            wider="gtin IN {onward_gtins:Array(String)} AND (lot IS NULL OR lot IN {onward_lots_called:Array(String)})",
            and_now="status = 'active'",
        )
        of_product = f"arrayFilter(each -> each.2 = gtin, {{onward_lots:{_TUPLES}}})"
        selects += [
            f"""
            SELECT 'lot' AS kind, [one.1, one.2, one.3] AS key, uniqExact(other) AS n FROM (
                SELECT {_INPUT} AS one, other FROM ({made}) ARRAY JOIN inputs AS input WHERE one IN {_FOLLOWED}
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
                FROM ({offers})
            ) GROUP BY one
            """,  # noqa: S608 - as above
        ]
    if gtins:
        of_products = seen.records("lot", "gtin", "gtin IN {onward_products:Array(String)}", by_key=True)
        lotless = "gtin IN {onward_products:Array(String)} AND lot IS NULL"
        chains = seen.chains("gtin", lotless, and_now="status = 'active'")
        selects += [
            f"SELECT 'product' AS kind, [gtin] AS key, count() AS n FROM ({of_products}) GROUP BY gtin",  # noqa: S608
            f"""
            SELECT 'product' AS kind, [ifNull(gtin, '')] AS key, count() AS n FROM ({chains}) GROUP BY gtin
            """,  # noqa: S608 - as above
        ]
    if not selects:
        return {}
    values |= {
        "onward_followed": [lot for lot in lots if is_followed(*lot)],
        "onward_gtins": sorted({lot.gtin for lot in lots}),
        "onward_products": gtins,
    }
    statement = f"SELECT kind, key, sum(n) AS n FROM ({' UNION ALL '.join(selects)}) GROUP BY kind, key"  # noqa: S608
    counts = {NodeKey(row["kind"], tuple(row["key"])): int(row["n"]) for row in seen.read(statement, values)}
    return {node: counts.get(node, 0) for node in nodes if node.kind in {"lot", "product"}}


_TUPLES = "Array(Tuple(String, String, String))"
