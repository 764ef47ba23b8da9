"""The edges of one hop: what is next to some nodes, by one query.

| edge       | from → to              | quantity                  |
|------------|------------------------|---------------------------|
| input      | lot → lot              | units that went into it   |
| made       | producer → lot         | -                         |
| lot_of     | product → lot          | -                         |
| product_of | producer → product     | -                         |
| holds      | lot → holding          | -                         |
| shipped    | holding → holding      | units                     |
| received   | lot → holder, entity   | units that it was sent    |
| certain    | lot → listing          | -                         |
| possible   | product or lot → listing that declares no lot | -  |
| sells      | entity → listing       | -                         |

Edges run as goods do, whichever way is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from suyuan.domain.evidence import evidence_id
from suyuan.domain.facts.genealogy import is_followed
from suyuan.queries.hops.answers import Direction
from suyuan.queries.hops.nodes import NodeKey
from suyuan.queries.hops.seen import Seen
from suyuan.queries.records import made_from, of_lots
from suyuan.queries.rows import Row

_INPUT = "(input.producer_code, input.gtin, input.lot)"
_MADE_FROM = made_from("followed")
_DECLARED = "(ifNull(producer_code, ''), ifNull(gtin, ''), ifNull(lot, ''))"
_OFFERS = f"""
    gtin IN {{gtins:Array(String)}}
    AND (lot IS NULL OR {_DECLARED} IN {{lots:Array(Tuple(String, String, String))}})
"""
"""of listings that declare one of the lots, or no lot of their product"""
_WIDER = "gtin IN {gtins:Array(String)} AND (lot IS NULL OR lot IN {lots_called:Array(String)})"
"""the same of those and a few others"""
_CITED = 5
"""evidence ids of an edge"""


@dataclass(frozen=True, slots=True)
class Edge:
    """`quantity`, `evidence`: none where the scope does not show what says so."""

    kind: str
    source: NodeKey
    target: NodeKey
    quantity: int | None = None
    evidence: tuple[str, ...] = ()


@dataclass(slots=True)
class _Asked:
    """What a query is made of: SELECTs of edges, and the values that are bound to them."""

    seen: Seen
    selects: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def records(
        self, rank: int, edge: str, ends: tuple[str, str], kind: str, condition: str, *, units: str = "0"
    ) -> None:
        """Each current record of a kind that its key chooses is an edge. `ends`: where it comes from and leads to, in
        SQL.
        """
        told = _told(f"toUInt8({rank})", f"'{edge}'", ends, units, _CITING)
        self.selects.append(self.seen.records(kind, told, condition, by_key=True))

    def add(self, told: str, origin: str) -> None:
        """The same of what is read FROM an origin, rows that have `seen`. `told`: by _told."""
        self.selects.append(f"SELECT {told}, seen FROM {origin}")  # noqa: S608 - texts of our own


def _told(rank: str, edge: str, ends: tuple[str, str], units: str, citing: str) -> str:
    """What all SELECTs of edges have, but whether it is seen. `citing`: what it rests on: an event's columns, an
    evidence id, or nothing.
    """
    source, target = ends
    return (
        f"{rank} AS rank, {edge} AS edge, {source} AS source, {target} AS target, {units} AS moved, {citing} AS citing"
    )


def edges(seen: Seen, nodes: Iterable[NodeKey], direction: Direction, limit: int) -> tuple[list[Edge], bool]:
    """At most `limit` edges that lead on from the nodes, and whether there are more. The order of kinds is that of the
    table, then larger quantities come first.
    """
    asked = _Asked(seen)
    by_kind: dict[str, list[NodeKey]] = {}
    for node in sorted(set(nodes)):
        by_kind.setdefault(node.kind, []).append(node)
    for kind, some in by_kind.items():
        _ASKS[direction].get(kind, _leads_nowhere)(asked, some)
    found = []
    if asked.selects:
        rows = seen.read(
            f"""
            SELECT rank, edge, source, target, if(min(seen) = 1, toNullable(sum(moved)), NULL) AS units,
                groupUniqArrayIf({_CITED})(citing, seen) AS cited
            FROM ({" UNION ALL ".join(asked.selects)}) GROUP BY rank, edge, source, target
            ORDER BY rank, ifNull(units, 0) DESC, source, target LIMIT {limit + 1}
            """,  # noqa: S608 - texts of our own
            asked.values,
        )
        found = [
            Edge(row["edge"], _node(row["source"]), _node(row["target"]), row["units"] or None, _evidence(row))
            for row in rows
        ]
    return found[:limit], len(found) > limit


def _node(named: Sequence[str]) -> NodeKey:
    return NodeKey(named[0], tuple(named[1:]))


def _evidence(row: Row) -> tuple[str, ...]:
    kind = _RECORDS.get(row["edge"], "lot")
    ids = {evidence_id(kind, *cited) if len(cited) > 1 else cited[0] for cited in row["cited"] if cited}
    return tuple(sorted(ids - {""}))


def _sql(kind: str, *parts: str) -> str:
    """A node in SQL: its kind and what names it."""
    named = ", ".join([f"'{kind}'", *parts])
    return f"[{named}]"


def _leads_nowhere(_asked: _Asked, _nodes: Sequence[NodeKey]) -> None:
    """From such nodes no edge leads on this way."""


def _lots_back(asked: _Asked, nodes: Sequence[NodeKey]) -> None:
    these, values = of_lots("lots", (node.lot for node in nodes if is_followed(*node.lot)))
    asked.values |= values
    lots = asked.seen.records("lot", _MADE, these, by_key=True)
    asked.add(_INPUT_EDGE, f"({lots}) ARRAY JOIN inputs AS input")
    asked.values |= {"begun": [node.lot for node in nodes]}
    ends = (_sql("producer", "one.1"), _sql("lot", "one.1", "one.2", "one.3"))
    made = "(SELECT arrayJoin({begun:Array(Tuple(String, String, String))}) AS one, 1 AS seen)"
    asked.add(_told("toUInt8(2)", "'made'", ends, "0", "[]"), made)


def _listings_back(asked: _Asked, nodes: Sequence[NodeKey]) -> None:
    asked.values |= {"listings": [node.parts for node in nodes]}
    declared = "producer_code IS NOT NULL AND gtin IS NOT NULL AND lot IS NOT NULL"
    leads = f"""
        arrayFilter(lead -> lead.4, [
            (8, 'certain', {_DECLARED_LOT}, {declared}),
            (9, 'possible', {_sql("product", "ifNull(gtin, '')")}, gtin IS NOT NULL AND NOT ({declared})),
            (10, 'sells', {_SELLER}, seller_code IS NOT NULL)
        ]) AS leads
    """
    told = f"{_LISTING} AS listing, listing_event, {leads}"
    of_key = "(platform_code, listing_id) IN {listings:Array(Tuple(String, String))}"
    chains = asked.seen.chains(told, of_key, by_key=True)
    edge = _told("lead.1", "lead.2", ("lead.3", "listing"), "0", "[listing_event]")
    asked.add(edge, f"({chains}) ARRAY JOIN leads AS lead")


def _products_back(asked: _Asked, nodes: Sequence[NodeKey]) -> None:
    asked.values |= {"products": [node.parts[0] for node in nodes]}
    ends = (_sql("producer", "producer_code"), _PRODUCT)
    asked.records(4, "product_of", ends, "product", "gtin IN {products:Array(String)}")


def _parties_back(asked: _Asked, nodes: Sequence[NodeKey]) -> None:
    kind = nodes[0].kind
    name = f"{kind}_codes"
    asked.values |= {name: [node.code for node in nodes]}
    ends = (_LOT, _sql(kind, "to_code"))
    _shipments(asked, 7, "received", ends, f"to_code IN {{{name}:Array(String)}}")


def _lots_forward(asked: _Asked, nodes: Sequence[NodeKey]) -> None:
    lots = [node.lot for node in nodes]
    these, values = of_lots("lots", lots)
    asked.values |= values
    asked.values |= {
        "followed": [lot for lot in lots if is_followed(*lot)],
        "gtins": sorted({lot.gtin for lot in lots}),
    }
    made = asked.seen.records("lot", _MADE, _MADE_FROM, by_key=False)
    is_asked = f"{_INPUT} IN {{followed:Array(Tuple(String, String, String))}}"
    asked.add(_INPUT_EDGE, f"({made}) ARRAY JOIN inputs AS input WHERE {is_asked}")
    asked.records(5, "holds", (_LOT, _holding("producer_code")), "lot", these)
    _shipments(asked, 6, "shipped", (_holding("from_code"), _holding("to_code")), these)
    of_product = "arrayFilter(one -> one.2 = gtin, {lots:Array(Tuple(String, String, String))})"
    offered = f"lot IS NULL AS lotless, if(lotless, {of_product}, [{_DECLARED}]) AS of_lots"
    offers = asked.seen.chains(
        f"{offered}, {_LISTING} AS listing, listing_event", _OFFERS, wider=_WIDER, and_now="status = 'active'"
    )
    ends = (_sql("lot", "of_lot.1", "of_lot.2", "of_lot.3"), "listing")
    rank, kind = "if(lotless, toUInt8(9), toUInt8(8))", "if(lotless, 'possible', 'certain')"
    edge = _told(rank, kind, ends, "0", "[listing_event]")
    asked.add(edge, f"({offers}) ARRAY JOIN of_lots AS of_lot")


def _products_forward(asked: _Asked, nodes: Sequence[NodeKey]) -> None:
    asked.values |= {"products": [node.parts[0] for node in nodes]}
    asked.records(3, "lot_of", (_PRODUCT, _LOT), "lot", "gtin IN {products:Array(String)}")
    ends = (_sql("product", "ifNull(gtin, '')"), _LISTING)
    told = _told("toUInt8(9)", "'possible'", ends, "0", "[listing_event]")
    lotless = "gtin IN {products:Array(String)} AND lot IS NULL"
    asked.selects.append(asked.seen.chains(told, lotless, and_now="status = 'active'"))


def _producers_forward(asked: _Asked, nodes: Sequence[NodeKey]) -> None:
    kind = nodes[0].kind
    name = f"{kind}_makers"
    asked.values |= {name: [node.code for node in nodes]}
    ends = (_sql(kind, "producer_code"), _LOT)
    asked.records(2, "made", ends, "lot", f"producer_code IN {{{name}:Array(String)}}")


def _entities_forward(asked: _Asked, nodes: Sequence[NodeKey]) -> None:
    _producers_forward(asked, nodes)
    _parties_back(asked, nodes)
    asked.values |= {"sellers": [node.code for node in nodes]}
    told = _told("toUInt8(10)", "'sells'", (_SELLER, _LISTING), "0", "[listing_event]")
    chains = asked.seen.chains(told, "seller_code IN {sellers:Array(String)}", and_now="status = 'active'")
    asked.selects.append(chains)


def _shipments(asked: _Asked, rank: int, edge: str, ends: tuple[str, str], condition: str) -> None:
    """Those that moved anything and are seen."""
    told = _told(f"toUInt8({rank})", f"'{edge}'", ends, "quantity", _CITING)
    shipments = asked.seen.records("shipment", told, condition, by_key=True)
    asked.selects.append(f"SELECT * FROM ({shipments}) WHERE moved > 0 AND seen")  # noqa: S608 - texts of our own


def _holding(code: str) -> str:
    """What somebody has of a lot, in SQL. `code`: the column that names them."""
    return _sql("holding", "producer_code", "gtin", "lot", code)


_CITING = "[publisher, event_id, digest]"
_LOT = _sql("lot", "producer_code", "gtin", "lot")
_DECLARED_LOT = _sql("lot", "ifNull(producer_code, '')", "ifNull(gtin, '')", "ifNull(lot, '')")
_LISTING = _sql("listing", "platform_code", "listing_id")
_PRODUCT = _sql("product", "gtin")
_SELLER = _sql("entity", "ifNull(seller_code, '')")
_MADE = f"{_LOT} AS made, {_CITING} AS citing, inputs"
_INPUT_LOT = _sql("lot", "input.producer_code", "input.gtin", "input.lot")
_INPUT_EDGE = _told("toUInt8(1)", "'input'", (_INPUT_LOT, "made"), "input.quantity", "citing")
_RECORDS = {"product_of": "product", "shipped": "shipment", "received": "shipment"}
"""by edge, the kind of record that says so, of those that are not a lot's"""
_ASKS: dict[str, dict[str, Callable[[_Asked, Sequence[NodeKey]], None]]] = {
    "back": {
        "lot": _lots_back,
        "listing": _listings_back,
        "product": _products_back,
        "holder": _parties_back,
        "entity": _parties_back,
    },
    "forward": {
        "lot": _lots_forward,
        "product": _products_forward,
        "producer": _producers_forward,
        "holder": _parties_back,
        "entity": _entities_forward,
    },
}
