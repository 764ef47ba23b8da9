"""Listings into a producer partition, kept below their lot."""

from __future__ import annotations

import polars as pl

from suyuan.streams.stage import Block, StateView
from suyuan.streams.stages.listing_rows import keep_versions, keys

PLACE = ("producer_code", "gtin", "lot", "seller_code", "platform_code", "listing_id")


def keep_listings(block: Block, state: StateView) -> pl.DataFrame:
    """Put one block of `producer.listing` into the state. Returns its upserts, columns of the block schema `listing`. A
    listing without a producer is not kept: no record of a producer can change what is said of it.
    """
    rows = block.rows
    kept = rows.filter(pl.col("producer_code").is_not_null())
    keep_versions(kept, keys(kept, "listing", *PLACE), state)
    return rows.filter(~pl.col("retracted"))
