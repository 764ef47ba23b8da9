"""What is known of the nodes of a graph: by one query for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from suyuan.domain.evidence import evidence_sql
from suyuan.queries.hops.nodes import PARTIES, NodeKey
from suyuan.queries.hops.seen import Seen
from suyuan.queries.rows import Row
from suyuan.queries.visible import sees_code, sees_the_unknown

_LOTS = "(producer_code, gtin, lot) IN {described_lots:Array(Tuple(String, String, String))}"
_PRODUCTS_OF = "(producer_code, gtin) IN {described_products:Array(Tuple(String, String))}"
_TEXTS = "CAST([] AS Array(String))"


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
            self._rows[row["what"], tuple(row["key"])].append(row)

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
            {"recall_no": row["name"], "level": row["quantity"], "evidence": row["evidence"]}
            for row in self._rows["recall", product]
            if row["seen"] and (not row["texts"] or node.parts[2] in row["texts"])
        ]
        inspections = [row for row in self._rows["inspection", node.parts] if row["seen"]] or [
            row for row in self._rows["inspection", (*product, "")] if row["seen"]
        ]
        detail: dict[str, Any] = {"recalls": recalls, "inspection": None}
        if inspections:
            latest = inspections[0]
            detail["inspection"] = {name: latest[column] for name, column in _INSPECTION.items()}
        if record is not None:
            produced, expires = (*record["texts"], None)[:2]
            detail |= {"quantity": record["quantity"], "produced_on": produced, "expires_on": expires or None}
        failed = bool(inspections) and inspections[0]["status"] == "fail"
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
            inputs=record["other"] if record is not None else 0,
        )

    def _holding(self, node: NodeKey, holder: Row | None) -> Described:
        producer = self._one("entity", (node.parts[0],))
        told = self._sees(node.code, holder, strictly=True) or self._sees(node.parts[0], producer, strictly=True)
        seen = told or self._sees(node.code, holder)
        detail = {}
        if told:
            sums = self._one("holding", node.parts)
            received, sent = (sums["quantity"], sums["other"]) if sums is not None else (0, 0)
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
        detail = {"verdict": chain["verdict"], "gap_names": chain["texts"], "seller_code": chain["code"]}
        said = (chain["name"], chain["status"], chain["division"])
        return Described(*said, outside=False, is_known=True, detail=detail, evidence=_cited(chain))

    def _product(self, node: NodeKey) -> Described:
        record = self._one("product", node.parts)
        if record is None:
            sees = sees_the_unknown(self._seen.scope)
            return Described(None, None, None, outside=not sees, is_known=False)
        seen = bool(record["seen"])
        detail = {"category": record["status"], "producer_code": record["code"]} if seen else {}
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
            return sees_the_unknown(self._seen.scope) or (entity is not None and bool(entity["other"]))
        if sees_code(self._seen.scope, code) or sees_the_unknown(self._seen.scope):
            return True
        return entity is not None and bool(entity["seen"])

    def _one(self, what: str, key: tuple[str, ...]) -> Row | None:
        rows = self._rows.get((what, key))
        return rows[0] if rows else None


_INSPECTION = {"report_no": "name", "result": "status", "evidence": "evidence"}


def _standing(entity: Row | None) -> tuple[str | None, str | None, str | None]:
    return (None, None, None) if entity is None else (entity["name"], entity["status"], entity["division"])


def _cited(row: Row | None, *, seen: bool = True) -> tuple[str, ...]:
    return (row["evidence"],) if row is not None and seen and row["evidence"] else ()


def _statement(seen: Seen, nodes: set[NodeKey]) -> tuple[str, dict[str, Any]]:
    lots = sorted({node.lot for node in nodes if node.kind == "lot"})
    held = sorted({node.lot for node in nodes if node.kind == "holding"})
    codes = {node.code for node in nodes if node.kind in PARTIES | {"lot", "holding"}}
    codes |= {lot.producer_code for lot in held}
    listings = sorted({node.parts for node in nodes if node.kind == "listing"})
    gtins = sorted({node.parts[0] for node in nodes if node.kind == "product"})
    selects: list[str] = []
    if codes:
        origin = seen.records("entity", "code IN {described_codes:Array(String)}", by_key=True)
        of_division = f"toInt64({seen.in_division})"
        selects.append(_select("entity", origin, ["code"], other=of_division, **_NAMED))
    if lots:
        days = "[toString(produced_on), ifNull(toString(expires_on), '')]"
        selects += [
            _select(
                "lot",
                seen.records("lot", _LOTS, by_key=True),
                ["producer_code", "gtin", "lot"],
                quantity="quantity",
                other="toInt64(length(arrayDistinct(arrayMap(i -> (i.producer_code, i.gtin, i.lot), inputs))))",
                texts=days,
                evidence=evidence_sql("lot"),
            ),
            _select(
                "recall",
                f"SELECT * FROM ({seen.records('recall', _PRODUCTS_OF, by_key=True)}) WHERE status = 'open'",  # noqa: S608
                ["producer_code", "gtin"],
                name="recall_no",
                status="status",
                quantity="level",
                texts="lots",
                evidence=evidence_sql("recall"),
            ),
            _select(
                "inspection",
                f"""
                SELECT * FROM ({seen.records("inspection", _PRODUCTS_OF, by_key=False)})
                ORDER BY inspected_on DESC, occurred_at DESC, report_no DESC, agency_code DESC
                LIMIT 1 BY producer_code, gtin, ifNull(lot, '')
                """,  # noqa: S608
                ["producer_code", "gtin", "ifNull(lot, '')"],
                name="report_no",
                status="result",
                evidence=evidence_sql("inspection"),
            ),
        ]
    if held:
        selects.append(_holdings(seen))
    if listings:
        of_key = "(platform_code, listing_id) IN {described_listings:Array(Tuple(String, String))}"
        origin = seen.chains(of_key, by_key=True)
        named = {"name": "title", "status": "status", "division": "seller_division", "code": "seller_code"}
        key = ["platform_code", "listing_id"]
        rest = {"verdict": "verdict", "texts": "gap_names", "evidence": "listing_event"}
        selects.append(_select("listing", origin, key, **named, **rest))
    if gtins:
        origin = seen.records("product", "gtin IN {described_gtins:Array(String)}", by_key=True)
        named = {"name": "name", "status": "category", "code": "producer_code", "evidence": evidence_sql("product")}
        selects.append(_select("product", origin, ["gtin"], **named))
    values = {
        "described_codes": sorted(codes),
        "described_lots": lots,
        "described_products": sorted({(lot.producer_code, lot.gtin) for lot in lots}),
        "described_held": held,
        "described_listings": listings,
        "described_gtins": gtins,
    }
    return " UNION ALL ".join(selects), values


_NAMED = {"name": "name", "status": "status", "division": "division", "evidence": evidence_sql("entity")}


def _holdings(seen: Seen) -> str:
    """What holders received and sent of lots; the producer has received what it made."""
    condition = "(producer_code, gtin, lot) IN {described_held:Array(Tuple(String, String, String))}"
    shipments = seen.records("shipment", condition, by_key=True)
    lots = seen.records("lot", condition, by_key=True)
    moved = f"""
        SELECT producer_code, gtin, lot, arrayJoin([(to_code, quantity, 0), (from_code, 0, quantity)]) AS moved
        FROM ({shipments}) WHERE quantity > 0
        UNION ALL
        SELECT producer_code, gtin, lot, (producer_code, quantity, 0) AS moved FROM ({lots})
    """  # noqa: S608
    origin = f"""
        SELECT producer_code, gtin, lot, moved.1 AS holder, toInt64(sum(moved.2)) AS received,
            toInt64(sum(moved.3)) AS sent, 1 AS seen
        FROM ({moved}) GROUP BY producer_code, gtin, lot, holder
    """  # noqa: S608
    return _select("holding", origin, ["producer_code", "gtin", "lot", "holder"], quantity="received", other="sent")


def _select(what: str, origin: str, key: list[str], **given: str) -> str:
    """Rows of one shape. What is not given is null."""
    columns = ("name", "status", "division", "code", "verdict", "evidence")
    shown = ", ".join(f"toNullable(toString({given.get(name, 'NULL')})) AS said_{name}" for name in columns)
    numbers = ", ".join(
        f"toNullable(toInt64({given.get(name, 'NULL')})) AS said_{name}" for name in ("quantity", "other")
    )
    inner = f"""
        SELECT '{what}' AS what, [{", ".join(key)}] AS key, toInt64(seen) AS is_seen, {shown}, {numbers},
            {given.get("texts", _TEXTS)} AS said_texts
        FROM ({origin})
    """  # noqa: S608 - texts of our own
    names = (*columns, "quantity", "other", "texts")
    renamed = ", ".join(f"said_{name} AS {name}" for name in names)
    return f"SELECT what, key, is_seen AS seen, {renamed} FROM ({inner})"  # noqa: S608 - as above
