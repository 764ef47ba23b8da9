"""Risk: rules over chains and complaints; what was said before decides what is published.

`chain` and `risk.record` touch the listings that they name. A `day` touches those from whose counters a complaint
leaves, the record of a bureau those of which something was said, in slices that go on through `risk.backlog`. The
alerts that stand in the end depend only on the newest chain of each listing, the newest version of each complaint, the
latest day and the newest records of bureaus, not on their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from suyuan.streams.stages.risk.chains import judge_chains
from suyuan.streams.stages.risk.records import judge_day, judge_records
from suyuan.streams.stages.risk.watch import built_in_watch

if TYPE_CHECKING:
    from suyuan.streams.stage import Block, Output, StageContext, StateView


def hear_chains(block: Block, state: StateView, context: StageContext) -> list[Output]:
    """One block of `chain` (block schema `chain`): keeps the newest chain of each listing, and returns `alert` for what
    the rules that ship with the product say otherwise now.
    """
    return judge_chains(built_in_watch(), block, state, context)


def hear_records(block: Block, state: StateView, context: StageContext) -> list[Output]:
    """One block of `risk.record` (block schema `record`): keeps complaints, the day and bureaus, and returns what
    `hear_chains` does, of the listings that they touch, and what is left (`risk.backlog`).
    """
    return judge_records(built_in_watch(), block, state, context)


def turn_day(block: Block, state: StateView, context: StageContext) -> list[Output]:
    """One block of `risk.backlog` (block schema `backlog`): does the next slice of the listings whose counters change
    with the day, or whose bureau may be another one, and returns what `hear_records` does.
    """
    return judge_day(built_in_watch(), block, state, context)
