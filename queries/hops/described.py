"""What is known of the nodes of a graph: by one query for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from suyuan.domain.evidence import evidence_id
from suyuan.queries.hops.nodes import PARTIES, NodeKey
from suyuan.queries.hops.seen import Seen
from suyuan.queries.records import of_lots
from suyuan.queries.rows import Row
from suyuan.queries.visible import sees_code, sees_the_unknown
from suyuan.schemas.kinds import KINDS

_PRODUCTS_OF = """
    gtin IN {described_products_called:Array(String)}
    AND (producer_code, gtin) IN {described_products:Array(Tuple(String, String))}
"""
_EVENT = ("publisher", "event_id", "digest")
_SAID: Mapping[str, Mapping[str, str]] = {
    "entity": {"name": "name", "status": "status", "division": "division"},
    "lot": {
        "quantity": "toString(quantity)",
        "produced_on": "toString(produced_on)",
        "expires_on": "toString(expires_on)",
        "inputs": "toString(length(arrayDistinct(arrayMap(i -> (i.producer_code, i.gtin, i.lot), inputs))))",
    },
    "recall": {"recall_no": "recall_no", "level": "toString(level)", "status": "status"},
    "inspection": {"report_no": "report_no", "result": "result"},
    "listing": {
        "title": "title",
        "status": "status",
        "division": "seller_division",
        "seller_code": "seller_code",
        "verdict": "verdict",
        "evidence": "listing_event",
    },
    "product": {"name": "name", "category": "category", "producer_code": "producer_code"},
    "holding": {"received": "toString(sum(moved.2))", "sent": "toString(sum(moved.3))"},
}
"""what is asked of each, in SQL: texts all of them, so that one column has them"""


@dataclass(frozen=True, slots=True)
class Described:
    """What is told of a node. `detail`: of one within the scope, by its kind; `inputs`: how many lots went into a lot,
    by its record.
    """

    name: str | None
    status: str | None
    division: str | None
    outside: bool
    is_known: bool
    detail: dict[str, Any] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    inputs: int = 0


class Descriptions:
    """Of some nodes, as a scope shows them."""

    def __init__(self, seen: Seen, nodes: Iterable[NodeKey]) -> None:
        self._seen = seen
        self._rows: defaultdict[tuple[str, tuple[str, ...]], list[Row]] = defaultdict(list)
        nodes = set(nodes)
        if not nodes:
            return
        statement, values = _statement(seen, nodes)
        for row in seen.read(statement, values):
            self._rows[row["what"], tuple(row["named"])].append(_told(row))

    def of(self, node: NodeKey) -> Described:
        """One of the nodes."""
        entity = self._one("entity", (node.code,)) if node.kind not in {"listing", "product"} else None
        match node.kind:
            case "lot":
                return self._lot(node, entity)
            case "holding":
                return self._holding(node, entity)
            case "listing":
                return self._listing(node)
            case "product":
                return self._product(node)
        seen = self._sees(node.code, entity)
        known = entity is not None
        return Described(*_standing(entity), outside=not seen, is_known=known, evidence=_cited(entity, seen=seen))

    def _lot(self, node: NodeKey, producer: Row | None) -> Described:
        record = self._one("lot", node.parts)
        seen = bool(record["seen"]) if record is not None else self._sees(node.code, producer)
        name, _, division = _standing(producer)
        if not seen:
            return Described(name, None, division, outside=True, is_known=record is not None)
        product = (node.parts[0], node.parts[1])
        recalls = [
            {"recall_no": row["recall_no"], "level": int(row["level"]), "evidence": row["evidence"]}
            for row in self._rows["recall", product]
            if row["status"] == "open" and row["seen"] and (not row["texts"] or node.parts[2] in row["texts"])
        ]
        inspections = [row for row in self._rows["inspection", node.parts] if row["seen"]] or [
            row for row in self._rows["inspection", (*product, "")] if row["seen"]
        ]
        detail: dict[str, Any] = {"recalls": recalls, "inspection": None}
        if inspections:
            latest = inspections[0]
            detail["inspection"] = {name: latest[name] for name in ("report_no", "result", "evidence")}
        if record is not None:
            dates = {name: record[name] for name in ("produced_on", "expires_on")}
            detail |= {"quantity": int(record["quantity"]), **dates}
        failed = bool(inspections) and inspections[0]["result"] == "fail"
        status = "recalled" if recalls else "failed" if failed else "known" if record is not None else "unknown"
        known = record is not None or bool(recalls) or bool(self._rows["inspection", node.parts])
        return Described(
            name,
            status,
            division,
            outside=False,
            is_known=known,
            detail=detail,
            evidence=_cited(record),
            inputs=int(record["inputs"]) if record is not None else 0,
        )

    def _holding(self, node: NodeKey, holder: Row | None) -> Described:
        producer = self._one("entity", (node.parts[0],))
        told = self._sees(node.code, holder, strictly=True) or self._sees(node.parts[0], producer, strictly=True)
        seen = told or self._sees(node.code, holder)
        detail = {}
        if told:
            sums = self._one("holding", node.parts)
            received, sent = (int(sums["received"]), int(sums["sent"])) if sums is not None else (0, 0)
            record = self._one("lot", node.parts[:3])
            if record is not None and node.parts[3] == node.parts[0]:
                received += int(record["quantity"])
            detail = {"received": received, "sent": sent, "held": received - sent}
        return Described(
            *_standing(holder), outside=not seen, is_known=True, detail=detail, evidence=_cited(holder, seen=seen)
        )

    def _listing(self, node: NodeKey) -> Described:
        chain = self._one("listing", node.parts)
        if chain is None:
            return Described(None, None, None, outside=True, is_known=False)
        if not chain["seen"]:
            return Described(None, chain["status"], chain["division"], outside=True, is_known=True)
        detail = {"verdict": chain["verdict"], "gap_names": chain["texts"], "seller_code": chain["seller_code"]}
        said = (chain["title"], chain["status"], chain["division"])
        return Described(*said, outside=False, is_known=True, detail=detail, evidence=_cited(chain))

    def _product(self, node: NodeKey) -> Described:
        record = self._one("product", node.parts)
        if record is None:
            sees = sees_the_unknown(self._seen.scope)
            return Described(None, None, None, outside=not sees, is_known=False)
        seen = bool(record["seen"])
        detail = {"category": record["category"], "producer_code": record["producer_code"]} if seen else {}
        return Described(
            record["name"],
            None,
            None,
            outside=not seen,
            is_known=True,
            detail=detail,
            evidence=_cited(record, seen=seen),
        )

    def _sees(self, code: str, entity: Row | None, *, strictly: bool = False) -> bool:
        """Whether the scope shows somebody. `strictly`: by a division, and so all that is sent to and by them."""
        if strictly:
            return sees_the_unknown(self._seen.scope) or (entity is not None and entity["texts"] == ["1"])
        if sees_code(self._seen.scope, code) or sees_the_unknown(self._seen.scope):
            return True
        return entity is not None and bool(entity["seen"])

    def _one(self, what: str, key: tuple[str, ...]) -> Row | None:
        rows = self._rows.get((what, key))
        return rows[0] if rows else None


def _standing(entity: Row | None) -> tuple[str | None, str | None, str | None]:
    return (None, None, None) if entity is None else (entity["name"], entity["status"], entity["division"])


def _cited(row: Row | None, *, seen: bool = True) -> tuple[str, ...]:
    return (row["evidence"],) if row is not None and seen and row["evidence"] else ()


def _told(row: Row) -> Row:
    """A row of the query, with a name for each thing it says."""
    what, said = row["what"], row["said"]
    told = dict(zip(_SAID[what], said, strict=False)) | {"seen": row["seen"], "texts": row["texts"]}
    if what in KINDS and what != "listing":
        publisher, event_id, digest = said[-len(_EVENT) :]
        told["evidence"] = evidence_id(what, publisher, event_id, digest)
    return told


def _statement(seen: Seen, nodes: set[NodeKey]) -> tuple[str, dict[str, Any]]:
    lots = sorted({node.lot for node in nodes if node.kind == "lot"})
    held = sorted({node.lot for node in nodes if node.kind == "holding"})
    codes = {node.code for node in nodes if node.kind in PARTIES | {"lot", "holding"}}
    codes |= {lot.producer_code for lot in held}
    listings = sorted({node.parts for node in nodes if node.kind == "listing"})
    gtins = sorted({node.parts[0] for node in nodes if node.kind == "product"})
    products = sorted({(lot.producer_code, lot.gtin) for lot in lots})
    recorded, values = of_lots("described_lots", sorted({*lots, *held}))
    selects: list[str] = []
    if codes:
        told = _shape("entity", "code", texts=f"[toString({seen.in_division})]")
        selects.append(seen.records("entity", told, "code IN {described_codes:Array(String)}", by_key=True))
    if lots or held:
        told = _shape("lot", "producer_code", "gtin", "lot")
        selects.append(seen.records("lot", told, recorded, by_key=True))
    if lots:
        inspections = seen.records(
            "inspection", _shape("inspection", "producer_code", "gtin", "ifNull(lot, '')"), _PRODUCTS_OF, by_key=False
        )
        selects += [
            seen.records("recall", _shape("recall", "producer_code", "gtin", texts="lots"), _PRODUCTS_OF, by_key=True),
            f"""
            {inspections} ORDER BY inspected_on DESC, occurred_at DESC, report_no DESC, agency_code DESC
            LIMIT 1 BY producer_code, gtin, ifNull(lot, '')
            """,
        ]
    if held:
        moved, of_held = of_lots("described_held", held)
        selects.append(_holdings(seen, moved))
        values |= of_held
    if listings:
        of_key = "(platform_code, listing_id) IN {described_listings:Array(Tuple(String, String))}"
        told = _shape("listing", "platform_code", "listing_id", texts="gap_names")
        selects.append(seen.chains(told, of_key, by_key=True))
    if gtins:
        told = _shape("product", "gtin")
        selects.append(seen.records("product", told, "gtin IN {described_gtins:Array(String)}", by_key=True))
    values |= {
        "described_codes": sorted(codes),
        "described_products": products,
        "described_products_called": sorted({gtin for _, gtin in products}),
        "described_listings": listings,
        "described_gtins": gtins,
    }
    return " UNION ALL ".join(selects), values


def _holdings(seen: Seen, condition: str) -> str:
    """What holders received and sent of lots by shipments."""
    told = "producer_code, gtin, lot, from_code, to_code, quantity"
    shipments = seen.records("shipment", told, condition, by_key=True)
    moved = f"""
        SELECT producer_code, gtin, lot, arrayJoin([(to_code, quantity, 0), (from_code, 0, quantity)]) AS moved
        FROM ({shipments}) WHERE quantity > 0
    """  # noqa: S608 - texts of our own
    shape = _shape("holding", "producer_code", "gtin", "lot", "moved.1")
    return f"SELECT {shape}, 1 AS seen FROM ({moved}) GROUP BY producer_code, gtin, lot, moved.1"  # noqa: S608


def _shape(what: str, *key: str, texts: str = "[]") -> str:
    """What all SELECTs have, but whether it is seen: no name is a column's."""
    said = [*_SAID[what].values(), *(_EVENT if what in KINDS and what != "listing" else ())]
    return f"'{what}' AS what, [{', '.join(key)}] AS named, [{', '.join(said)}] AS said, {texts} AS texts"
