"""Chains: the newest of each listing is kept and judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suyuan.streams.stage import Output
from suyuan.streams.stages.risk.judging import Occasion, judge
from suyuan.streams.stages.risk.kept import (
    DAY,
    VERSION_BYTES,
    names,
    present_day,
    said_in,
    silent_values,
    with_said,
)

if TYPE_CHECKING:
    import polars as pl

    from suyuan.streams.stage import Block, StageContext, StateView
    from suyuan.streams.stages.risk.watch import Watch

_LISTING = ("platform_code", "listing_id")


def judge_chains(watch: Watch, block: Block, state: StateView, _context: StageContext) -> list[Output]:
    """One block of `chain`, under the rules of `watch`. Rows older than what is kept are passed over; so are those
    already kept, unless the block is delivered again.
    """
    rows = _newest(block.rows)
    keys = names(rows)
    held = state.get_many(keys)
    values = silent_values(rows)
    fresh = [index for index, value in enumerate(values) if _counts(value, held[index], block)]
    if not fresh:
        return []
    if len(fresh) < len(rows):
        rows = rows[fresh]
        keys = [keys[index] for index in fresh]
        held = [held[index] for index in fresh]
        values = [values[index] for index in fresh]
    said = [said_in(value) for value in held]
    alerts = judge(watch, rows, said, Occasion.of(block, present_day(state.get(DAY))))
    for index, words in enumerate(said):
        if words is not None:
            values[index] = with_said(values[index], words)
    state.put_many(keys, values)
    return [] if alerts.is_empty() else [Output("alert", alerts, key="route")]


def _newest(rows: pl.DataFrame) -> pl.DataFrame:
    if rows.select(_LISTING).is_unique().all():
        return rows
    return rows.sort("revision", "assessment").unique(_LISTING, keep="last", maintain_order=True)


def _counts(value: bytes, held: bytes | None, block: Block) -> bool:
    if held is None:
        return True
    mine, theirs = value[:VERSION_BYTES], held[:VERSION_BYTES]
    return mine > theirs or (block.redelivered and mine == theirs)
