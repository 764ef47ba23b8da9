"""Listings into a producer partition, kept below their lot, and the places that their sellers sell from."""

from __future__ import annotations

import polars as pl

from suyuan.streams.stage import Block, StateView
from suyuan.streams.stages.listing_rows import from_values, keep_versions, keys, to_values

LOT = ("producer_code", "gtin", "lot")
PLACE = (*LOT, "seller_code", "platform_code", "listing_id")
SOLD_FROM = ("seller_code", *LOT)


def keep_listings(block: Block, state: StateView) -> pl.DataFrame:
    """Put one block of `producer.listing` into the state, those without a producer below an empty code. Returns its
    upserts, columns of the block schema `listing`.
    """
    rows = block.rows
    names = keys(rows, "listing", *PLACE)
    if rows["received_at"].null_count():
        rows = _as_kept(rows, names, block, state)
    keep_versions(rows, names, state)
    rows = rows.filter(~pl.col("retracted"))
    _keep_places(rows, state)
    return rows


def _keep_places(rows: pl.DataFrame, state: StateView) -> None:
    """One entry for all listings of a seller's that name the same lot: often looked up, seldom written."""
    places = list(dict.fromkeys(keys(rows.select(SOLD_FROM).filter(pl.col("seller_code") != ""), "sells", *SOLD_FROM)))
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
