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
- custody: `received` (0 when nothing was), `receipts`, `reachable`, `in_time`, `hops` (of an active listing of somebody
  else's goods of a known lot, else empty)
- licence named: `licence_found`, `licence_holder`, `licence_categories`, `licence_from`, `licence_to`,
  `licence_status`, `licence_evidence`; `licence_day` (the day that counts), `licence_in_force`
- licence held (the product requires one, none is named: `asks_held`): `held_licence`, `held_status`, `held_evidence`
- chosen: `inspection` and `recall` (structs), the ones that count
"""

from __future__ import annotations

import polars as pl

from suyuan.domain.calendar import china_day_expr
from suyuan.domain.chain.facts import Facts
from suyuan.domain.chain.licensing import HELD, WANTED, held_licences, in_force, needs_held_licence
from suyuan.domain.chain.phrases import has
from suyuan.domain.chain.tables import LICENCE_COLUMNS, PRODUCT_COLUMNS, tables
from suyuan.domain.evidence import evidence_expr
from suyuan.domain.facts.custody import Hop
from suyuan.domain.identifiers.gtin import restricted_expr

HOPS = pl.List(Hop.DTYPE)


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
        .with_columns(*_OF_LISTING, pl.max_horizontal(_DAY, pl.lit(facts.today, dtype=pl.Date)).alias("present_day"))
        .with_columns(*_LOOKED_AT)
        .with_columns(*_ABSENT_AS_FALSE)
        .with_columns(_PRODUCT_KNOWN)
        .with_columns(_LOT_KNOWN)
        .with_columns(*_CHOSEN)
        .with_columns(_IN_FORCE)
        .collect()
    )
    if not joined["asks_held"].any():
        return joined.hstack(pl.DataFrame(schema=HELD).clear(joined.height))
    return (
        joined.lazy()
        .join(held_licences(joined, facts.producers), on=WANTED, how="left", maintain_order="left")
        .with_columns(_HELD)
        .collect()
    )


def _valid(party: str) -> pl.Expr:
    """Whether a code is a valid USCC. One that fails a check digit but is registered counts as valid: some were issued
    so, early on, in pilot regions.
    """
    fault = pl.col(f"{party}_code_fault")
    registered = pl.col(f"{party}_registered").fill_null(value=False)
    issued_nonconforming = fault.is_in(["organisation_check", "check"]) & registered
    return pl.col(f"{party}_code").is_not_null() & (fault.is_null() | issued_nonconforming)


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


def _hops() -> pl.Expr:
    """The custody path, where the custody group is run; else the empty list."""
    asked = (pl.col("status") == "active") & pl.col("lot_known") & ~pl.col("sold_by_producer")
    empty = pl.lit(pl.Series([[]], dtype=HOPS))
    return pl.when(asked & pl.col("hops").is_not_null()).then("hops").otherwise(empty)


_DAY = china_day_expr("occurred_at")
_OF_LISTING = (
    evidence_expr("listing").alias("listing_event"),
    _DAY.alias("day"),
    _valid("seller").alias("seller_valid"),
    _valid("producer").alias("producer_valid"),
    pl.col("seller_code").eq_missing(pl.col("producer_code")).alias("sold_by_producer"),
    (pl.col("gtin_valid") & restricted_expr(pl.col("gtin"))).fill_null(value=False).alias("gtin_restricted"),
)
_LOOKED_AT = (
    pl.when(pl.col("producer_valid") & pl.col("gtin_valid") & ~pl.col("gtin_restricted")).then(
        pl.col(*PRODUCT_COLUMNS, *LICENCE_COLUMNS)
    ),
)
"""Product and licence are not looked at where the producer or the gtin is not valid, or the gtin names no product in
the world: their homes are not asked then, so what a partition happens to have of them must make no difference."""
_ABSENT_AS_FALSE = (
    pl.col(
        "seller_registered",
        "producer_registered",
        "product_found",
        "lot_known",
        "licence_found",
        "reachable",
        "in_time",
    ).fill_null(value=False),
    pl.col("received").fill_null(0),
)
"""defaults for facts that are not there"""
_PRODUCT_KNOWN = (
    (
        pl.col("product_found")
        & (pl.col("product_producer") == pl.col("producer_code"))
        & pl.col("producer_valid")
        & pl.col("gtin_valid")
    )
    .fill_null(value=False)
    .alias("product_known")
)
_LOT_KNOWN = (pl.col("lot_known") & pl.col("product_known")).alias("lot_known")
_CHOSEN = (
    pl.when("lot_known").then("produced_on").otherwise("day").alias("licence_day"),
    pl.when(pl.col("lot_known") & has("lot_inspection", "report_no"))
    .then("lot_inspection")
    .otherwise("product_inspection")
    .alias("inspection"),
    _recall().alias("recall"),
    _hops().alias("hops"),
    needs_held_licence().fill_null(value=False).alias("asks_held"),
)
_IN_FORCE = in_force(
    pl.col("licence_status"), pl.col("licence_from"), pl.col("licence_to"), pl.col("licence_day")
).alias("licence_in_force")
_HELD = pl.when("asks_held").then(pl.col(*HELD))
