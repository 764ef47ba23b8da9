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


def tables(facts: Facts) -> dict[tuple[str, ...], pl.LazyFrame]:
    """Key columns -> frame of one row per key; days as Date."""
    return {
        PRODUCER: _producers(facts.producers),
        ITEM: _items(facts.items),
        LOT: _lots(facts.lots),
        CUSTODY: _custody(facts.custody),
        LICENCE: _licences(facts.licences),
    }


def day(*names: str) -> pl.Expr:
    """Expression for an ISO text as Date."""
    return pl.col(*names).str.to_date("%Y-%m-%d")


def _producers(frame: pl.DataFrame) -> pl.LazyFrame:
    return frame.lazy().select(
        producer_code="code",
        producer_registered="registered",
        producer_status="status",
        registered_name="name",
        producer_division="division",
        producer_evidence="evidence",
    )


def _items(frame: pl.DataFrame) -> pl.LazyFrame:
    return frame.lazy().select(
        *ITEM,
        "product_producer",
        "requires_licence",
        "recall_all",
        "recall_some",
        product_found="known",
        product_name="name",
        product_category="category",
        product_evidence="evidence",
        product_inspection="inspection",
    )


def _lots(frame: pl.DataFrame) -> pl.LazyFrame:
    return frame.lazy().select(
        *LOT,
        "exceeded",
        "input_recalled",
        "input_failed",
        day("produced_on", "expires_on"),
        lot_known="known",
        lot_quantity="quantity",
        lot_evidence="evidence",
        lot_inspection="inspection",
        lot_recall="recall",
    )


def _custody(frame: pl.DataFrame) -> pl.LazyFrame:
    return frame.lazy().select(*CUSTODY, "received", "receipts", "reachable", "in_time", "hops")


def _licences(frame: pl.DataFrame) -> pl.LazyFrame:
    return frame.lazy().select(
        "licence_no",
        pl.lit(value=True).alias("licence_found"),
        licence_holder="holder_code",
        licence_categories="categories",
        licence_from=day("valid_from"),
        licence_to=day("valid_to"),
        licence_status="status",
        licence_evidence="evidence",
    )
