"""The parties and things on a chain: the platform, the seller, back to the producer, and what it made."""

from __future__ import annotations

import polars as pl

from suyuan.domain.chain.divisions import division_of
from suyuan.domain.chain.listed import listed

NODE = pl.Struct(
    {
        "role": pl.String(),
        "id": pl.String(),
        "name": pl.String(),
        "status": pl.String(),
        "division": pl.String(),
        "evidence": pl.String(),
    }
)

col = pl.col
nothing = pl.lit(None, dtype=pl.String)


def node(
    role: str,
    *,
    id: pl.Expr,  # noqa: A002
    name: pl.Expr = nothing,
    status: pl.Expr = nothing,
    division: pl.Expr = nothing,
    evidence: pl.Expr = nothing,
) -> tuple[pl.Expr, ...]:
    """One node of each row, as the columns of NODE; a row where `id` is null has no such node."""
    fields = {"id": id, "name": name, "status": status, "division": division, "evidence": evidence}
    return (pl.lit(role).alias("role"), *(value.alias(field) for field, value in fields.items()))


PLATFORM = node("platform", id=col("platform_code"), division=division_of(col("platform_code")))
SELLER = node(
    "seller",
    id=col("seller_code"),
    name=col("seller_name"),
    status=pl.when("seller_registered").then("seller_status").otherwise(pl.lit("unregistered")),
    division=division_of(col("seller_code"), col("seller_division")),
    evidence=col("seller_evidence"),
)
HOLDER = node("holder", id=col("holder").struct.field("to_code"), evidence=col("holder").struct.field("evidence"))
"""name, status and division are looked up when the chain is read: they are kept with the holder's own code"""
PRODUCER = node(
    "producer",
    id=col("producer_code"),
    name=pl.coalesce("registered_name", "producer_name"),
    status=pl.when("producer_registered").then("producer_status").otherwise(pl.lit("unregistered")),
    division=division_of(col("producer_code"), col("producer_division")),
    evidence=col("producer_evidence"),
)
LICENCE = node(
    "licence",
    id=pl.coalesce("licence_no", "held_licence"),
    status=pl.when("licence_found")
    .then("licence_status")
    .when(col("licence_no").is_null())
    .then("held_status")
    .otherwise(pl.lit("unknown")),
    evidence=pl.when(col("licence_no").is_null()).then("held_evidence").otherwise("licence_evidence"),
)
PRODUCT = node(
    "product",
    id=col("gtin"),
    name=col("product_name"),
    status=pl.when("product_found").then(pl.lit("known")).otherwise(pl.lit("unknown")),
    evidence=col("product_evidence"),
)
LOT = node(
    "lot",
    id=col("lot"),
    status=pl.when("lot_known").then(pl.lit("known")).otherwise(pl.lit("unknown")),
    evidence=pl.when("lot_known").then("lot_evidence"),
)
INSPECTION = node(
    "inspection",
    id=pl.when("product_known").then(col("inspection").struct.field("report_no")),
    status=col("inspection").struct.field("result"),
    evidence=col("inspection").struct.field("evidence"),
)


BEFORE, AFTER = (SELLER,), (PRODUCER, LICENCE, PRODUCT, LOT, INSPECTION)
"""the parties of a chain: who stands before the holders, and what after"""


def with_platform(joined: pl.DataFrame, parties: pl.Series) -> pl.Series:
    """List(NODE) per row of `joined`: its platform, then its parties."""
    platform = listed(joined.height, [_members(joined.lazy(), PLATFORM)], NODE)
    return pl.select(platform.list.concat(parties)).to_series()


def parties_of(joined: pl.DataFrame) -> pl.Series:
    """List(NODE) per row of `joined` (columns of `joined.py`), without the platform: holders stand in the order from
    the seller back to the producer.
    """
    hops = col("hops")
    plain = joined.lazy().with_columns(row=pl.int_range(pl.len(), dtype=pl.UInt32))
    holders = (
        plain.filter(hops.list.len() > 1)
        .select("row", holder=hops.list.head(hops.list.len() - 1).list.reverse())
        .explode("holder")
    )
    members = [
        *(_members(plain, columns) for columns in BEFORE),
        _members(holders, HOLDER),
        *(_members(plain, columns) for columns in AFTER),
    ]
    return listed(joined.height, members, NODE)


def _members(frame: pl.LazyFrame, columns: tuple[pl.Expr, ...]) -> pl.LazyFrame:
    return frame.select("row", *columns).filter(col("id").is_not_null())
