"""Whether a licence holds on a day, and which of a producer's licences does."""

from __future__ import annotations

import polars as pl

from suyuan.domain.chain.tables import day

WANTED = ["producer_code", "product_category", "licence_day"]
HELD = {"held_licence": pl.String(), "held_status": pl.String(), "held_evidence": pl.String()}
"""columns of `held_licences` beside WANTED"""


def in_force(status: pl.Expr, valid_from: pl.Expr, valid_to: pl.Expr, day: pl.Expr) -> pl.Expr:
    """Expression for whether a licence is in force on a day: both days of validity included, no `valid_to` is for
    ever.
    """
    return (status == "valid") & (valid_from <= day) & ((day <= valid_to) | valid_to.is_null())


def needs_held_licence() -> pl.Expr:
    """Expression for whether the product requires a licence and the listing names none."""
    return pl.col("product_known") & pl.col("requires_licence") & pl.col("licence_no").is_null()


def held_licences(joined: pl.DataFrame, producers: pl.DataFrame) -> pl.LazyFrame:
    """For each producer, category and day that a listing asks for: the first licence in force, by number. `joined`:
    rows with the columns of `joined.py`.
    """
    wanted = joined.lazy().filter("asks_held").select(WANTED).unique()
    return (
        wanted.join(_held(producers), left_on=WANTED[:2], right_on=["producer_code", "categories"])
        .filter(in_force(pl.col("status"), pl.col("valid_from"), pl.col("valid_to"), pl.col("licence_day")))
        .sort("licence_no")
        .unique(WANTED, keep="first")
        .select(
            *WANTED,
            held_licence="licence_no",
            held_status="status",
            held_evidence="evidence",
        )
    )


def days_alike(joined: pl.DataFrame, producers: pl.DataFrame) -> pl.LazyFrame:
    """For each producer, category and day that a listing asks for: `first_alike` and `last_alike`, the days (Date)
    around it from and to which none of the licences held comes into force or goes out of it; null for no bound.
    """
    wanted = joined.lazy().filter("asks_held").select(WANTED).unique()
    held = wanted.join(_held(producers), left_on=WANTED[:2], right_on=["producer_code", "categories"])
    change, asked = pl.col("change"), pl.col("licence_day")
    return (
        held.select(*WANTED, change=pl.concat_list("valid_from", pl.col("valid_to").dt.offset_by("1d")))
        .explode("change", empty_as_null=False)
        .group_by(WANTED)
        .agg(
            first_alike=change.filter(change <= asked).max(),
            last_alike=change.filter(change > asked).min().dt.offset_by("-1d"),
        )
    )


def _held(producers: pl.DataFrame) -> pl.LazyFrame:
    """Every licence of every producer once for each of its categories."""
    return (
        producers.lazy()
        .select("licences", producer_code="code")
        .explode("licences", empty_as_null=False)
        .unnest("licences")
        .with_columns(day("valid_from", "valid_to"))
        .explode("categories", empty_as_null=False)
    )
