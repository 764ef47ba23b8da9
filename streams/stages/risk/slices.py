"""The turn of a day: listings whose counters change by it, a slice at a time.

What a slice went through is remembered with its block, for its expiries are gone from the index when the block is
redelivered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from suyuan.streams.stages.redelivery import BlockMemory, Done
from suyuan.streams.stages.risk.complaints import EXPIRES, parse_expiry
from suyuan.streams.stages.risk.kept import DAY, present_day

if TYPE_CHECKING:
    from suyuan.streams.stage import Block, StageContext, StateView


class Slice(Done, frozen=True):
    """`listings`: keys gone through; `left`: whether more are due."""

    offset: int = -1
    listings: tuple[str, ...] = ()
    left: bool = False


TAKEN = BlockMemory("slice", Slice)


def take_slice(block: Block, state: StateView, context: StageContext) -> Slice:
    """The next listings whose counters change by the day that the state knows; of a redelivered block, those that it
    took before as well.
    """
    before = TAKEN.recall(block, state) or Slice()
    if before.offset == block.offset:
        return before
    day = str(present_day(state.get(DAY)))
    found = [name for name, _ in state.scan(EXPIRES, limit=context.slice_rows)]
    due = [name for name in found if parse_expiry(name)[0] <= day]
    if not due:
        return before
    for name in due:
        state.delete(name)
    listings = tuple(dict.fromkeys((*before.listings, *(parse_expiry(name)[1] for name in due))))
    taken = Slice(block.offset, listings, left=len(due) == context.slice_rows)
    TAKEN.keep(block, state, taken)
    return taken
