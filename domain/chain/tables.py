"""The columns that each kind of fact brings to a listing, under names that cannot be confused once joined."""

from __future__ import annotations

import polars as pl

from suyuan.domain.chain.facts import Facts

PRODUCER = ("producer_code",)
ITEM = ("producer_code", "gtin")
LOT = (*ITEM, "lot")
CUSTODY = (*LOT, "seller_code")
LICENCE = ("licence_no",)

PRODUCT_COLUMNS = (
    "product_found", "product_producer", "product_name", "product_category", "requires_licence", "product_evidence",
    "product_inspection", "recall_all", "recall_some",
)  # fmt: skip
LICENCE_COLUMNS = (
    "licence_found", "licence_holder", "licence_categories", "licence_from", "licence_to", "licence_status",
    "licence_evidence",
)  # fmt: skip


def day(*names: str) -> pl.Expr:
    """Expression for an ISO text as Date."""
    return pl.col(*names).str.to_date("%Y-%m-%d")


def _renamed(**names: str) -> list[pl.Expr]:
    return [pl.col(theirs).alias(ours) for ours, theirs in names.items()]


_PRODUCER_TABLE = _renamed(
    producer_code="code",
    producer_registered="registered",
    producer_status="status",
    registered_name="name",
    producer_division="division",
    producer_evidence="evidence",
)
_ITEM_TABLE = [
    pl.col(*ITEM, "product_producer", "requires_licence", "recall_all", "recall_some"),
    *_renamed(
        product_found="known",
        product_name="name",
        product_category="category",
        product_evidence="evidence",
        product_inspection="inspection",
    ),
]
_LOT_TABLE = [
    pl.col(*LOT, "exceeded", "input_recalled", "input_failed"),
    day("produced_on", "expires_on"),
    *_renamed(
        lot_known="known",
        lot_quantity="quantity",
        lot_evidence="evidence",
        lot_inspection="inspection",
        lot_recall="recall",
    ),
]
_CUSTODY_TABLE = [pl.col(*CUSTODY, "received", "receipts", "reachable", "in_time", "hops")]
_LICENCE_TABLE = [
    pl.col("licence_no"),
    pl.lit(value=True).alias("licence_found"),
    day("valid_from").alias("licence_from"),
    day("valid_to").alias("licence_to"),
    *_renamed(
        licence_holder="holder_code",
        licence_categories="categories",
        licence_status="status",
        licence_evidence="evidence",
    ),
]


def tables(facts: Facts) -> dict[tuple[str, ...], pl.LazyFrame]:
    """Key columns -> frame of one row per key; days as Date."""
    return {
        PRODUCER: facts.producers.lazy().select(_PRODUCER_TABLE),
        ITEM: facts.items.lazy().select(_ITEM_TABLE),
        LOT: facts.lots.lazy().select(_LOT_TABLE),
        CUSTODY: facts.custody.lazy().select(_CUSTODY_TABLE),
        LICENCE: facts.licences.lazy().select(_LICENCE_TABLE),
    }
