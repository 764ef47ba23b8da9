"""A lot with who made it, and what was found of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from suyuan.queries.records import LotKey, Records
from suyuan.queries.rows import Row
from suyuan.queries.tracing.lineage import Lineage


@dataclass(frozen=True, slots=True)
class TracedLot:
    """`record` and `producer` are None where nobody has published them. `inspections`: of the lot, and of its
    product with no lot named, the latest first. `recalls`: those that cover the lot, closed ones too.
    """

    key: LotKey
    depth: int
    record: Row | None
    producer: Row | None
    inspections: list[Row]
    recalls: list[Row]


def traced_lots(records: Records, lineage: Lineage) -> list[TracedLot]:
    """Every lot of a lineage, the nearest first."""
    products = {(key.producer_code, key.gtin) for key in lineage.depth}
    inspections, recalls = _by_product(records.inspections(products)), _by_product(records.recalls(products))
    producers = records.entities({key.producer_code for key in lineage.depth})
    return [
        TracedLot(
            key,
            depth,
            lineage.records.get(key),
            producers.get(key.producer_code),
            [row for row in inspections[key.producer_code, key.gtin] if row["lot"] in {None, key.lot}],
            [row for row in recalls[key.producer_code, key.gtin] if not row["lots"] or key.lot in row["lots"]],
        )
        for key, depth in sorted(lineage.depth.items(), key=lambda item: (item[1], item[0]))
    ]


def _by_product(rows: list[Row]) -> defaultdict[tuple[str, str], list[Row]]:
    found: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        found[row["producer_code"], row["gtin"]].append(row)
    return found
