"""Chains: the newest of each listing is kept and judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suyuan.streams.stage import Output
from suyuan.streams.stages.risk.judging import Occasion, judge
from suyuan.streams.stages.risk.kept import chain_in, in_present_form, said_in, with_said
from suyuan.streams.stages.risk.kept_chain import VERSION_BYTES, keep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suyuan.streams.stage import Block, StageContext, StateView
    from suyuan.streams.stages.risk.kept import Said
    from suyuan.streams.stages.risk.watch import Watch

_LISTING = ("platform_code", "listing_id")


def judge_chains(watch: Watch, block: Block, state: StateView, _context: StageContext) -> list[Output]:
    """One block of `chain`, under the rules of `watch`. Rows older than what is kept are passed over; so are those
    already kept, unless the block is delivered again.
    """
    rows = block.rows
    keys, values = keep(rows)
    if len(set(keys)) < len(keys):
        rows = rows.sort("revision", "assessment").unique(_LISTING, keep="last", maintain_order=True)
        keys, values = keep(rows)
    held = state.get_many(keys)
    said: list[Said | None] = [None] * len(keys)
    if any(held):
        held = list(map(in_present_form, held))
        fresh = _fresh(values, held, block)
        if not fresh:
            return []
        if len(fresh) < len(keys):
            rows = rows[fresh]
            keys = [keys[index] for index in fresh]
            values = [values[index] for index in fresh]
            held = [held[index] for index in fresh]
        said = list(map(said_in, held))

    occasion = Occasion.of(block, state)
    found = judge(watch, rows, lambda row: chain_in(values[row]), said, occasion)
    for index, words in enumerate(said):
        if words is not None:
            values[index] = with_said(values[index], words)
    state.put_many(keys, values)
    return [] if found.is_empty() else [Output("finding", found, key="alert_id")]


def _fresh(values: Sequence[bytes], held: Sequence[bytes | None], block: Block) -> list[int]:
    """Where a value is newer than what is held, or as new and the block is delivered again."""
    pairs = enumerate(zip((value[:VERSION_BYTES] for value in values), held, strict=True))
    if block.redelivered:
        return [index for index, (version, was) in pairs if was is None or version >= was[:VERSION_BYTES]]
    return [index for index, (version, was) in pairs if was is None or version > was[:VERSION_BYTES]]
