"""Forward: from a lot, product or producer to every lot made from it, who holds them, and who sells them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from suyuan.access.scope import Scope
from suyuan.queries.records import LotKey, Records, key_of
from suyuan.queries.rows import Row, Tables
from suyuan.queries.tracing.lineage import Lineage, Link, downstream
from suyuan.queries.tracing.lots import TracedLot, traced_lots
from suyuan.queries.tracing.offers import offers
from suyuan.queries.visible import must_see_the_country


@dataclass(frozen=True, slots=True)
class Holding:
    """Units of a lot at one holder. The producer has received what it made, if the lot is known."""

    lot: LotKey
    holder: str
    received: int
    sent: int

    @property
    def held(self) -> int:
        """Negative: more was sent than was received."""
        return self.received - self.sent


@dataclass(frozen=True, slots=True)
class Offer:
    """An active listing. `certain`: it declares one of the lots; `possible`: their product, and no lot."""

    certainty: Literal["certain", "possible"]
    chain: Row


@dataclass(frozen=True, slots=True)
class ForwardTrace:
    """What a recall would touch. `lots`: where the trace begins first, then by depth. `as_of`, `happened_by`:
    ms UTC, None for now.
    """

    as_of: int | None
    happened_by: int | None
    lots: list[TracedLot]
    links: list[Link]
    cycles: list[list[LotKey]]
    holdings: list[Holding]
    offers: list[Offer]


def trace_lot_forward(
    tables: Tables, scope: Scope, lot: LotKey, as_of: int | None = None, happened_by: int | None = None
) -> ForwardTrace:
    """From one lot, known or not."""
    must_see_the_country(scope, "traces")
    return _trace(tables, Records(tables, as_of, happened_by), [lot], set())


def trace_product(
    tables: Tables, scope: Scope, gtin: str, as_of: int | None = None, happened_by: int | None = None
) -> ForwardTrace:
    """From every lot of a product."""
    must_see_the_country(scope, "traces")
    records = Records(tables, as_of, happened_by)
    return _trace(tables, records, records.lots_of_product(gtin), {gtin})


def trace_producer(
    tables: Tables, scope: Scope, code: str, as_of: int | None = None, happened_by: int | None = None
) -> ForwardTrace:
    """From every lot of a producer."""
    must_see_the_country(scope, "traces")
    records = Records(tables, as_of, happened_by)
    return _trace(tables, records, records.lots_of_producer(code), set())


def _trace(tables: Tables, records: Records, begin: Iterable[LotKey], gtins: set[str]) -> ForwardTrace:
    lineage = downstream(records, begin)
    lots = lineage.depth.keys()
    found = offers(tables, lots, gtins | {key.gtin for key in lots}, records.as_of, records.happened_by)
    return ForwardTrace(
        records.as_of,
        records.happened_by,
        traced_lots(records, lineage),
        lineage.links,
        lineage.cycles,
        _holdings(records, lineage),
        [Offer("possible" if row["lot"] is None else "certain", row) for row in found],
    )


def _holdings(records: Records, lineage: Lineage) -> list[Holding]:
    received: defaultdict[tuple[LotKey, str], int] = defaultdict(int)
    sent: defaultdict[tuple[LotKey, str], int] = defaultdict(int)
    for key, lot in lineage.records.items():
        received[key, key.producer_code] += lot["quantity"]
    for shipment in records.shipments(lineage.depth):
        if shipment["quantity"] <= 0:
            continue  # void
        sent[key_of(shipment), shipment["from_code"]] += shipment["quantity"]
        received[key_of(shipment), shipment["to_code"]] += shipment["quantity"]
    places = sorted(received.keys() | sent.keys())
    return [Holding(lot, holder, received[lot, holder], sent[lot, holder]) for lot, holder in places]
