"""Listings into a producer partition, kept below their lot."""

from __future__ import annotations

import polars as pl

from suyuan.streams.stage import Block, StateView
from suyuan.streams.stages.listing_rows import keys, merge_versions, to_values

PLACE = ("producer_code", "gtin", "lot", "seller_code", "platform_code", "listing_id")


def keep_listings(block: Block, state: StateView) -> pl.DataFrame:
    """Put one block of `producer.listing` into the state. Returns its upserts, columns of the block schema `listing`. A
    listing without a producer is not kept: no record of a producer can change what is said of it.
    """
    rows = block.rows
    kept = rows.filter(pl.col("producer_code").is_not_null())
    names = keys(kept, "listing", *PLACE)
    if kept["retracted"].any():
        for key, value in merge_versions(kept, names, state.get_many(names)).items():
            if value is None:
                state.delete(key)
            else:
                state.put(key, value)
    else:
        state.put_many(names, to_values(kept))
    return rows.filter(~pl.col("retracted"))
