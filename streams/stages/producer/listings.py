"""Listings into a producer partition, kept below their lot, and the places that their sellers sell from."""

from __future__ import annotations

import polars as pl

from suyuan.streams.stage import Block, StateView
from suyuan.streams.stages.listing_rows import from_values, keep_versions, key_expr, to_values

LOT = ("producer_code", "gtin", "lot")
PLACE = (*LOT, "seller_code", "platform_code", "listing_id")
SOLD_FROM = ("seller_code", *LOT)

_KEYS = (
    key_expr("listing", *PLACE).alias("listing"),
    pl.when(pl.col("seller_code") != "").then(key_expr("sells", *SOLD_FROM)).alias("sold_from"),
)
"""the state keys of a listing, and of the place that its seller sells from; null where it names no seller"""


def keep_listings(block: Block, state: StateView) -> pl.DataFrame:
    """Put one block of `producer.listing` into the state, those without a producer below an empty code. Returns its
    upserts, columns of the block schema `listing`.
    """
    rows = block.rows
    listed_at, sold_from = rows.lazy().select(_KEYS).collect().get_columns()
    names = listed_at.to_list()
    if rows["received_at"].null_count():
        rows = _as_kept(rows, names, block, state)
    keep_versions(rows, names, state)
    stays = ~rows["retracted"]
    if not stays.all():
        rows, sold_from = rows.filter(stays), sold_from.filter(stays)
    _keep_places(sold_from, state)
    return rows


def _keep_places(sold_from: pl.Series, state: StateView) -> None:
    """One entry for all listings of a seller's that name the same lot: often looked up, seldom written."""
    places = [place for place in dict.fromkeys(sold_from.to_list()) if place is not None]
    for place, known in zip(places, state.get_many(places), strict=True):
        if known is None:
            state.put(place, b"")


def _as_kept(rows: pl.DataFrame, names: list[bytes], block: Block, state: StateView) -> pl.DataFrame:
    """The rows, with what is here already in place of what was sent again for a partition that is made anew.

    What is sent again has no `received_at`, since nobody else knows when the log took it: where it is not here, the
    moment at which it happened stands for that.
    """
    sent_again = rows["received_at"].is_null()
    moment = pl.min_horizontal("occurred_at", pl.lit(block.timestamp, pl.Int64))
    rows = rows.with_columns(pl.col("received_at").fill_null(moment))
    held = [value or sent for value, sent in zip(state.get_many(names), to_values(rows), strict=True)]
    here = from_values(held)
    stays = sent_again & (here["revision"] >= rows["revision"])
    return pl.concat([rows, here])[[row + len(rows) * stay for row, stay in enumerate(stays.to_list())]]
