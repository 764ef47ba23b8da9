"""Risk: rules over chains and complaints; what was said before decides what is published.

`chain` and `risk.record` touch the listings that they name. A `day` touches those from whose counters a complaint
leaves, in slices that go on through `risk.backlog`. The alerts that stand in the end depend only on the newest chain of
each listing, the newest version of each complaint and the latest day, not on their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from suyuan.streams.stages.risk.chains import hear_chains
from suyuan.streams.stages.risk.records import hear_records, turn_day
from suyuan.streams.stages.risk.watch import Watch, built_in_watch, make_watch

if TYPE_CHECKING:
    from suyuan.streams.stage import Block, Output, StageContext, StateView

__all__ = ["Watch", "make_watch", "risk", "watch_over"]


def risk(block: Block, state: StateView, context: StageContext) -> list[Output]:
    """One block of `chain`, `risk.record` or `risk.backlog` (block schemas `chain`, `record`, `backlog`), under the
    rules that ship with the product. Returns `alert` for what changed, and `risk.backlog` for what is left.
    """
    return watch_over(built_in_watch(), block, state, context)


def watch_over(watch: Watch, block: Block, state: StateView, context: StageContext) -> list[Output]:
    """`risk`, under the rules of `watch`."""
    if block.rows.is_empty():
        return []
    match block.topic:
        case "chain":
            return hear_chains(watch, block, state)
        case "risk.record":
            return hear_records(watch, block, state, context)
        case "risk.backlog":
            return turn_day(watch, block, state, context)
    raise ValueError(f"risk does not read {block.topic}")
