"""Where intake sends a record: one row per kind."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from suyuan.domain.keys import SEPARATOR


@dataclass(frozen=True, slots=True)
class Route:
    """`topic`, and the column of the event whose text chooses the partition; `moves_with`: when one of these columns
    changes, the version before is retracted where it had gone. What the business key holds never changes.
    """

    topic: str
    by: str
    moves_with: tuple[str, ...] = ()


LOT = ("producer_code", "gtin", "lot")
EVERY_PARTITION = ""

ROUTES: dict[str, tuple[Route, ...]] = {
    "entity": (Route("seller.record", "code"), Route("producer.record", "code")),
    "penalty": (Route("seller.record", "subject_code"),),
    "licence": (Route("producer.record", "holder_code"),),
    "product": (Route("producer.record", "producer_code"),),
    "lot": (Route("producer.record", "producer_code"),),
    "shipment": (Route("producer.record", "producer_code"),),
    "inspection": (Route("producer.record", "producer_code", LOT),),
    "recall": (Route("producer.record", "producer_code"),),
    "complaint": (Route("risk.record", "listing_key", ("listing_key",)),),
    "day": (Route("producer.record", EVERY_PARTITION), Route("risk.record", EVERY_PARTITION)),
}

HOMED = ("licence", "product")
"""Kinds that partitions may ask for by business key (intake.lookup): whoever once had the record gets every change."""

LISTING_ROUTE = ("seller_code", "producer_code", "gtin", "lot")

MOVES_WITH = {
    "listing": LISTING_ROUTE,
    "inspection": LOT,
    "complaint": ("platform_code", "listing_id"),
    **dict.fromkeys(("entity", "licence", "product", "lot", "shipment", "recall", "penalty", "day"), ()),
}
"""of each kind, the fields whose change has a version retracted from where it had gone"""


def with_route_columns(kind: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Columns that routes name but events lack: `listing_key` of a complaint (null when it names no listing)."""
    if kind != "complaint":
        return rows
    return rows.with_columns(
        listing_key=pl.when(pl.col("listing_id").is_not_null()).then(
            pl.concat_str("platform_code", "listing_id", separator=SEPARATOR)
        )
    )
