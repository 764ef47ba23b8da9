"""Listings of which something was said, judged again for what holds of all of them: a slice at a time.

What a slice went through is remembered with its block: when it is redelivered its slices may be smaller, and what is
behind them has lost its outputs as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from suyuan.domain.keys import SEPARATOR
from suyuan.streams.stages.backlog import Task, condense, read_tasks, work_off
from suyuan.streams.stages.redelivery import BlockMemory, Done
from suyuan.streams.stages.risk.kept import in_present_form, said_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from suyuan.streams.stage import Block, StageContext, StateView

LISTINGS = f"listing{SEPARATOR}".encode()
"""prefix of all listings"""


class Swept(Done, frozen=True):
    """Listings were gone through whose key is above `after` and not above `reached`, both hex: None: from the first, to
    the last. Beside them, of the task.
    """

    after: str | None
    reached: str | None
    reason: str
    received_at: int


_NAMED = 5
_STEPS = 8
"""reads of a slice"""
_DEARER = 4
"""as many rows of a slice are read in the time that one is judged in, and more: 2 and 90 µs"""
SWEPT = BlockMemory("sweep", Swept)


@dataclass(frozen=True, slots=True)
class Sweep:
    """`listings`: keys of listings to judge again, and when the log took in what causes it; `left`: what is to do."""

    listings: Mapping[str, int] = field(default_factory=dict)
    left: list[Task] = field(default_factory=list)


def sweep_of(moved: Mapping[str, int]) -> list[Task]:
    """The work that bureaus leave of which others do the work now: by division, when the log took the record in."""
    if not moved:
        return []
    return [Task(LISTINGS, f"bureaus changed: {', '.join(sorted(moved)[:_NAMED])}", max(moved.values()))]


def take_sweep(block: Block, state: StateView, context: StageContext) -> Sweep:
    """The next listings about which something was said, of the sweeps that a block of `risk.backlog` (block schema
    `backlog`) asks for; of a redelivered block, all that it took before as well.
    """
    tasks = [task for task in read_tasks(block) if task.prefix == LISTINGS]
    before = SWEPT.recall(block, state)
    if before is not None:
        tasks.append(Task(LISTINGS, before.reason, before.received_at, _key(before.after)))
    if not tasks:
        return Sweep()
    (task,) = left = condense(tasks)
    listings: dict[str, int] = {}
    read = 0
    while left:
        found, left = work_off(left, state, max(1, context.slice_rows // _STEPS))
        read += len(found)
        for key, value, _ in found:
            said = said_in(in_present_form(value))
            if said is not None and said.alerts:
                listings[key[len(LISTINGS) :].decode()] = task.received_at
        enough = read >= context.slice_rows or len(listings) >= context.slice_rows // _DEARER
        if enough and (before is None or (left and _is_beyond(left[0], before.reached))):
            break
    reached = left[0].after if left else None
    SWEPT.keep(block, state, Swept(block.offset, _hex(task.after), _hex(reached), task.reason, task.received_at))
    return Sweep(listings, left)


def _is_beyond(task: Task, reached: str | None) -> bool:
    return reached is not None and (task.after or b"") >= bytes.fromhex(reached)


def _key(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)


def _hex(key: bytes | None) -> str | None:
    return None if key is None else key.hex()
