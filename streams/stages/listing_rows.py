"""Listings between frames and state: one JSON text per listing, made and read by column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from suyuan.domain.keys import SEPARATOR
from suyuan.schemas.blocks import block_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suyuan.streams.stage import StateView
    from suyuan.streams.stages.backlog import Task

SHORT = {
    "platform_code": "p", "listing_id": "l", "status": "s", "url": "u", "title": "t", "category": "c",
    "seller_code": "sc", "producer_code": "pc", "producer_name": "pn", "gtin": "g", "lot": "b", "licence_no": "n",
    "price_fen": "f", "sold_30d": "d", "ship_from": "w", "occurred_at": "o", "event_id": "e", "publisher": "pb",
    "revision": "r", "retracted": "x", "received_at": "a", "seller_code_fault": "sf", "producer_code_fault": "pf",
    "gtin_valid": "gv", "seller_registered": "sr", "seller_status": "ss", "seller_name": "sn",
    "seller_division": "sd", "seller_evidence": "se", "seller_penalties": "sp", "digest": "h",
}  # fmt: skip
"""Names in the text: half of it would be the full ones. Never given to another column, not even those of a column that
is no more: old texts are read too."""

LISTING_KEY_EXPR = pl.concat_str("platform_code", "listing_id", separator=SEPARATOR)
"""what names a listing, and chooses the partition of `chain` and `alert`, of rows that have these columns"""

_COLUMNS = block_schema("listing")
_TEXT = pl.Struct({SHORT[name]: dtype for name, dtype in _COLUMNS.items()})
_VALUE = pl.struct(pl.col(name).alias(SHORT[name]) for name in _COLUMNS).struct.json_encode().cast(pl.Binary)


def to_values(rows: pl.DataFrame) -> list[bytes]:
    """One state value per row, JSON with the names of SHORT. `rows`: columns of the block schema `listing`."""
    return rows.select(_VALUE).to_series().to_list()


def from_values(values: Sequence[bytes]) -> pl.DataFrame:
    """The values that `to_values` made, as a frame with the columns of the block schema `listing`."""
    texts = pl.Series("listing", values, dtype=pl.Binary).cast(pl.String)
    return texts.str.json_decode(_TEXT).struct.rename_fields(list(_COLUMNS)).struct.unnest()


def retold(done: Sequence[tuple[bytes, bytes, Task]]) -> pl.DataFrame:
    """The listings of a backlog's slice (key, value, task), columns of the block schema `listing`. `received_at` is the
    later of the listing's own and the task's.
    """
    told_at = pl.Series([task.received_at for *_, task in done], dtype=pl.Int64)
    rows = from_values([value for _, value, _ in done])
    return rows.with_columns(received_at=pl.max_horizontal("received_at", told_at))


def key_expr(prefix: str, *names: str) -> pl.Expr:
    """Expression for `prefix` and the named columns joined as a state key; null is the empty text."""
    parts = [pl.lit(prefix), *(pl.col(name).fill_null("") for name in names)]
    return pl.concat_str(parts, separator=SEPARATOR).cast(pl.Binary)


def keep_versions(rows: pl.DataFrame, names: list[bytes], state: StateView) -> None:
    """Put rows (columns of the block schema `listing`), in their order, into the state under `names`, as
    `merge_versions` says; where none is a retraction, all of them as they come.
    """
    if not rows["retracted"].any():
        state.put_many(names, to_values(rows))
        return
    for name, value in merge_versions(rows, names, state.get_many(names)).items():
        if value is None:
            state.delete(name)
        else:
            state.put(name, value)


def merge_versions(rows: pl.DataFrame, names: list[bytes], held: Sequence[bytes | None]) -> dict[bytes, bytes | None]:
    """What rows, in their order, change of the listings kept under `names`: an upsert is kept unless a later revision
    is there, a retraction removes what is below its own revision. `rows`: columns of the block schema `listing`;
    `held[i]`: the value kept under `names[i]`, or None. Returns new values by key, None for removed.
    """
    result: dict[bytes, bytes | None] = {}
    revisions: dict[bytes, int] = {}
    for name, value in zip(names, held, strict=True):
        if value is not None:
            revisions[name] = _revision(value)
    columns = (names, rows["revision"].to_list(), rows["retracted"].to_list(), to_values(rows))
    for name, revision, retracted, value in zip(*columns, strict=True):
        there = revisions.get(name)
        if retracted:
            if there is not None and there < revision:
                result[name] = None
                revisions.pop(name)
        elif there is None or there <= revision:
            result[name] = value
            revisions[name] = revision
    return result


def _revision(value: bytes) -> int:
    return int(from_values([value])["revision"][0])
