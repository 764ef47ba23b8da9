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

from suyuan.domain.evidence import evidence_sql
from suyuan.domain.facts.genealogy import is_followed
from suyuan.queries.hops.answers import Direction
from suyuan.queries.hops.nodes import NodeKey
from suyuan.queries.hops.seen import Seen
from suyuan.queries.records import made_from

_LOTS = "(producer_code, gtin, lot) IN {lots:Array(Tuple(String, String, String))}"
_INPUT = "(input.producer_code, input.gtin, input.lot)"
_MADE_FROM = made_from("followed")
_DECLARED = "(ifNull(producer_code, ''), ifNull(gtin, ''), ifNull(lot, ''))"
_OFFERS = f"""
    gtin IN {{gtins:Array(String)}}
    AND (lot IS NULL OR {_DECLARED} IN {{lots:Array(Tuple(String, String, String))}})
"""
"""of listings that declare one of the lots, or no lot of their product"""
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

    def add(
        self,
        rank: int,
        kind: str,
        ends: tuple[str, str],
        origin: str,
        *,
        quantity: str = "0",
        evidence: str = "evidence",
    ) -> None:
        """Rows of `origin` (with `seen`) as edges. `ends`: where they come from and lead to, (kind, parts) in SQL;
        `evidence`: what they rest on, a text.
        """
        self.add_of_either(f"toUInt8({rank})", f"'{kind}'", ends, origin, quantity=quantity, evidence=evidence)

    def add_of_either(
        self, rank: str, kind: str, ends: tuple[str, str], origin: str, *, quantity: str = "0", evidence: str
    ) -> None:
        """As `add`, with a rank and a kind that SQL tells of each row, of all between two ends the same."""
        source, target = ends
        self.selects.append(
            f"""
            SELECT any({rank}) AS rank, any({kind}) AS kind, {source} AS source, {target} AS target,
                if(min(seen) = 1, toNullable(toInt64(sum({quantity}))), NULL) AS units,
                arraySort(groupUniqArrayIf({_CITED})({evidence}, seen)) AS cited
            FROM ({origin}) GROUP BY source, target
            """  # noqa: S608 - texts of our own
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
            SELECT * FROM ({" UNION ALL ".join(asked.selects)})
            ORDER BY rank, ifNull(units, 0) DESC, source, target LIMIT {limit + 1}
            """,  # noqa: S608 - as above
            asked.values,
        )
        found = [
            Edge(
                row["kind"],
                _node(row["source"]),
                _node(row["target"]),
                row["units"] or None,
                tuple(each for each in row["cited"] if each),
            )
            for row in rows
        ]
    return found[:limit], len(found) > limit


def _node(named: Sequence[Any] | dict[str, Any]) -> NodeKey:
    kind, parts = named.values() if isinstance(named, dict) else named
    return NodeKey(kind, tuple(parts))


def _sql(kind: str, *parts: str) -> str:
    """A node in SQL."""
    shown = ", ".join(f"ifNull({part}, '')" for part in parts)
    return f"('{kind}', [{shown}])"


def _leads_nowhere(_asked: _Asked, _nodes: Sequence[NodeKey]) -> None:
    """From such nodes no edge leads on this way."""


def _lots_back(asked: _Asked, nodes: Sequence[NodeKey]) -> None:
    asked.values |= {"lots": [node.lot for node in nodes if is_followed(*node.lot)]}
    lots = asked.seen.records("lot", _LOTS, by_key=True)
    inputs = f"SELECT *, arrayJoin(inputs) AS input FROM ({lots})"  # noqa: S608
    asked.add(1, "input", (_INPUT_LOT, _LOT), inputs, quantity="input.quantity", evidence=_OF_LOT)
    made = "SELECT arrayJoin({begun:Array(Tuple(String, String, String))}) AS one, 1 AS seen"
    asked.values |= {"begun": [node.lot for node in nodes]}
    ends = (_sql("producer", "one.1"), _sql("lot", "one.1", "one.2", "one.3"))
    asked.add(2, "made", ends, made, evidence="''")


def _listings_back(asked: _Asked, nodes: Sequence[NodeKey]) -> None:
    asked.values |= {"listings": [node.parts for node in nodes]}
    chains = asked.seen.chains("(platform_code, listing_id) IN {listings:Array(Tuple(String, String))}", by_key=True)
    declared = "producer_code IS NOT NULL AND gtin IS NOT NULL AND lot IS NOT NULL"
    for rank, kind, source, condition in (
        (8, "certain", _LOT, declared),
        (9, "possible", _sql("product", "gtin"), f"gtin IS NOT NULL AND NOT ({declared})"),
        (10, "sells", _SELLER, "seller_code IS NOT NULL"),
    ):
        origin = f"SELECT * FROM ({chains}) WHERE {condition}"  # noqa: S608
        asked.add(rank, kind, (source, _LISTING), origin, evidence="listing_event")


def _products_back(asked: _Asked, nodes: Sequence[NodeKey]) -> None:
    asked.values |= {"products": [node.parts[0] for node in nodes]}
    products = asked.seen.records("product", "gtin IN {products:Array(String)}", by_key=True)
    ends = (_sql("producer", "producer_code"), _PRODUCT)
    asked.add(4, "product_of", ends, products, evidence=evidence_sql("product"))


def _parties_back(asked: _Asked, nodes: Sequence[NodeKey]) -> None:
    kind = nodes[0].kind
    name = f"{kind}_codes"
    asked.values |= {name: [node.code for node in nodes]}
    sent = asked.seen.records("shipment", f"to_code IN {{{name}:Array(String)}}", by_key=True)
    origin = f"SELECT * FROM ({sent}) WHERE quantity > 0 AND seen"  # noqa: S608
    asked.add(7, "received", (_LOT, _sql(kind, "to_code")), origin, quantity="quantity", evidence=_OF_SHIPMENT)


def _lots_forward(asked: _Asked, nodes: Sequence[NodeKey]) -> None:
    lots = [node.lot for node in nodes]
    asked.values |= {
        "lots": lots,
        "followed": [lot for lot in lots if is_followed(*lot)],
        "gtins": sorted({lot.gtin for lot in lots}),
    }
    made = asked.seen.records("lot", _MADE_FROM, by_key=False)
    inputs = f"""
        SELECT * FROM (SELECT *, arrayJoin(inputs) AS input FROM ({made}))
        WHERE {_INPUT} IN {{followed:Array(Tuple(String, String, String))}}
    """  # noqa: S608
    asked.add(1, "input", (_INPUT_LOT, _LOT), inputs, quantity="input.quantity", evidence=_OF_LOT)
    known = asked.seen.records("lot", _LOTS, by_key=True)
    asked.add(5, "holds", (_LOT, _holding("producer_code")), known, evidence=_OF_LOT)
    shipments = asked.seen.records("shipment", _LOTS, by_key=True)
    sent = f"SELECT * FROM ({shipments}) WHERE quantity > 0 AND seen"  # noqa: S608
    ends = (_holding("from_code"), _holding("to_code"))
    asked.add(6, "shipped", ends, sent, quantity="quantity", evidence=_OF_SHIPMENT)
    of_product = "arrayFilter(one -> one.2 = gtin, {lots:Array(Tuple(String, String, String))})"
    of_lots = f"arrayJoin(if(lot IS NULL, {of_product}, [{_DECLARED}])) AS of_lot"
    offers = f"SELECT *, {of_lots} FROM ({asked.seen.chains(_OFFERS)}) WHERE status = 'active'"  # noqa: S608
    ends = (_sql("lot", "of_lot.1", "of_lot.2", "of_lot.3"), _LISTING)
    rank, kind = "if(lot IS NULL, toUInt8(9), toUInt8(8))", "if(lot IS NULL, 'possible', 'certain')"
    asked.add_of_either(rank, kind, ends, offers, evidence="listing_event")


def _products_forward(asked: _Asked, nodes: Sequence[NodeKey]) -> None:
    asked.values |= {"products": [node.parts[0] for node in nodes]}
    lots = asked.seen.records("lot", "gtin IN {products:Array(String)}", by_key=True)
    asked.add(3, "lot_of", (_PRODUCT, _LOT), lots, evidence=_OF_LOT)
    chains = asked.seen.chains("gtin IN {products:Array(String)} AND lot IS NULL")
    possible = f"SELECT * FROM ({chains}) WHERE status = 'active'"  # noqa: S608
    asked.add(9, "possible", (_PRODUCT, _LISTING), possible, evidence="listing_event")


def _producers_forward(asked: _Asked, nodes: Sequence[NodeKey]) -> None:
    kind = nodes[0].kind
    name = f"{kind}_makers"
    asked.values |= {name: [node.code for node in nodes]}
    lots = asked.seen.records("lot", f"producer_code IN {{{name}:Array(String)}}", by_key=True)
    asked.add(2, "made", (_sql(kind, "producer_code"), _LOT), lots, evidence=_OF_LOT)


def _entities_forward(asked: _Asked, nodes: Sequence[NodeKey]) -> None:
    _producers_forward(asked, nodes)
    _parties_back(asked, nodes)
    asked.values |= {"sellers": [node.code for node in nodes]}
    chains = asked.seen.chains("seller_code IN {sellers:Array(String)}")
    sold = f"SELECT * FROM ({chains}) WHERE status = 'active'"  # noqa: S608
    asked.add(10, "sells", (_SELLER, _LISTING), sold, evidence="listing_event")


def _holding(code: str) -> str:
    """What somebody has of a lot, in SQL. `code`: the column that names them."""
    return _sql("holding", "producer_code", "gtin", "lot", code)


_LOT = _sql("lot", "producer_code", "gtin", "lot")
_LISTING = _sql("listing", "platform_code", "listing_id")
_INPUT_LOT = _sql("lot", "input.producer_code", "input.gtin", "input.lot")
_PRODUCT = _sql("product", "gtin")
_SELLER = _sql("entity", "seller_code")
_OF_LOT = evidence_sql("lot")
_OF_SHIPMENT = evidence_sql("shipment")
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
