"""Listings with the facts they rest on as columns of their own, and what follows from them at once.

Columns added to those of the listing block, by where they come from:

- listing: `listing_event` (evidence id), `day` (China Standard Time), `present_day`, `seller_valid`,
  `producer_valid`, `sold_by_producer`, `gtin_restricted`
- entity: `producer_registered`, `producer_status`, `registered_name`, `producer_division`,
  `producer_evidence`
- product: `product_found`, `product_known` (found, and of this producer), `product_producer`,
  `product_name`, `product_category`, `requires_licence`, `product_evidence`, `product_inspection`,
  `recall_all`, `recall_some`
- lot, of a known product: `lot_known`, `produced_on`, `expires_on`, `lot_quantity`, `lot_evidence`,
  `lot_inspection`, `lot_recall`, `exceeded`, `input_recalled`, `input_failed`
- custody: `received` (0 when nothing was), `receipts`, `reachable`, `in_time`, `hops`
- licence named: `licence_found`, `licence_holder`, `licence_categories`, `licence_from`, `licence_to`,
  `licence_status`, `licence_evidence`; `licence_day` (the day that counts), `licence_in_force`
- licence held (the product requires one, none is named): `held_licence`, `held_status`, `held_evidence`
- chosen: `inspection` and `recall` (structs), the ones that count
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from suyuan.domain.calendar import china_day_expr
from suyuan.domain.chain.facts import Facts
from suyuan.domain.chain.licensing import held_licences, in_force, needs_held_licence
from suyuan.domain.chain.phrases import has
from suyuan.domain.chain.tables import LICENCE_COLUMNS, PRODUCT_COLUMNS, tables
from suyuan.domain.evidence import evidence_expr
from suyuan.domain.identifiers.gtin import restricted_expr


def join_facts(listings: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """One row per listing, in their order, with the columns listed above. `listings`: columns of the block schema
    `listing`.
    """
    # side by side: in a row of joins each would copy what the ones before it brought
    columns = pl.collect_all(
        [
            listings.lazy().select(key).join(table, on=key, how="left", maintain_order="left").drop(key)
            for key, table in tables(facts).items()
        ]
    )
    joined = (
        pl.concat([listings.with_row_index("row"), *columns], how="horizontal")
        .lazy()
        .with_columns(*_of_listing(facts.today))
        .with_columns(*_looked_at())
        .with_columns(*_absent_as_false())
        .with_columns(product_known=_product_known())
        .with_columns(lot_known=pl.col("lot_known") & pl.col("product_known"))
        .with_columns(
            licence_day=pl.when("lot_known").then("produced_on").otherwise("day"),
            inspection=pl.when(pl.col("lot_known") & has("lot_inspection", "report_no"))
            .then("lot_inspection")
            .otherwise("product_inspection"),
            recall=_recall(),
        )
        .with_columns(
            licence_in_force=in_force(
                pl.col("licence_status"), pl.col("licence_from"), pl.col("licence_to"), pl.col("licence_day")
            )
        )
        .collect()
    )
    held = held_licences(joined, facts.producers)
    on = ["producer_code", "product_category", "licence_day"]
    return joined.join(held, on=on, how="left", maintain_order="left").with_columns(
        pl.when(needs_held_licence()).then(pl.col("held_licence", "held_status", "held_evidence"))
    )


def _of_listing(today: dt.date | None) -> list[pl.Expr]:
    day = china_day_expr("occurred_at")
    return [
        evidence_expr("listing").alias("listing_event"),
        day.alias("day"),
        pl.max_horizontal(day, pl.lit(today, dtype=pl.Date)).alias("present_day"),
        _valid("seller").alias("seller_valid"),
        _valid("producer").alias("producer_valid"),
        pl.col("seller_code").eq_missing(pl.col("producer_code")).alias("sold_by_producer"),
        (pl.col("gtin_valid") & restricted_expr(pl.col("gtin"))).fill_null(value=False).alias("gtin_restricted"),
    ]


def _valid(party: str) -> pl.Expr:
    """Whether a code is a valid USCC. One that fails a check digit but is registered counts as valid: some were issued
    so, early on, in pilot regions.
    """
    fault = pl.col(f"{party}_code_fault")
    registered = pl.col(f"{party}_registered").fill_null(value=False)
    issued_nonconforming = fault.is_in(["organisation_check", "check"]) & registered
    return pl.col(f"{party}_code").is_not_null() & (fault.is_null() | issued_nonconforming)


def _looked_at() -> list[pl.Expr]:
    """Whether product and licence are looked at. They are not where the producer or the gtin is not valid, or the gtin
    names no product in the world: their homes are not asked then, so what a partition happens to have of them must make
    no difference.
    """
    asked = pl.col("producer_valid") & pl.col("gtin_valid") & ~pl.col("gtin_restricted")
    return [pl.when(asked).then(pl.col(*PRODUCT_COLUMNS, *LICENCE_COLUMNS))]


def _absent_as_false() -> list[pl.Expr]:
    """Defaults for facts that are not there."""
    flags = (
        "seller_registered",
        "producer_registered",
        "product_found",
        "lot_known",
        "licence_found",
        "reachable",
        "in_time",
    )
    return [pl.col(flags).fill_null(value=False), pl.col("received").fill_null(0)]


def _product_known() -> pl.Expr:
    own = pl.col("product_producer") == pl.col("producer_code")
    known = pl.col("product_found") & own & pl.col("producer_valid") & pl.col("gtin_valid")
    return known.fill_null(value=False)


def _recall() -> pl.Expr:
    """The open recall that covers the lot, the graver of two; without a lot, also one that may cover it."""
    lot, every, some = pl.col("lot_recall"), pl.col("recall_all"), pl.col("recall_some")
    graver = lot.struct.field("level") <= every.struct.field("level")
    return (
        pl.when(~pl.col("product_known"))
        .then(None)
        .when(has("lot_recall", "recall_no") & (graver | ~has("recall_all", "recall_no")))
        .then(lot)
        .when(has("recall_all", "recall_no"))
        .then(every)
        .when(pl.col("lot").is_null())
        .then(some)
    )
