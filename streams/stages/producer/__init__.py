"""Producer: listings meet the producers' records, and become trace chains.

What changes rarely (records) is summarised into facts when it changes; what comes in millions (listings) is joined to
the facts by column. A change of facts has the listings that rest on them assessed again, slice by slice.
"""

from __future__ import annotations

from suyuan.streams.stage import Block, Emit, StageContext, StateView
from suyuan.streams.stages.backlog import Task, condense, leave, read_tasks, work_off
from suyuan.streams.stages.listing_rows import retold
from suyuan.streams.stages.producer.assess import assess_listings
from suyuan.streams.stages.producer.lineage import hear
from suyuan.streams.stages.producer.listings import keep_listings
from suyuan.streams.stages.producer.records import keep_records
from suyuan.streams.stages.producer.upkeep import Upkeep


def meet_producer(block: Block, state: StateView, context: StageContext) -> list[Emit]:
    """One block of `producer.listing`."""
    rows = keep_listings(block, state)
    return assess_listings(rows, block, state, context)


def note_records(block: Block, state: StateView, context: StageContext) -> list[Emit]:
    """One block of `producer.record`."""
    touched = keep_records(block, state, context)
    upkeep = Upkeep(block, state)
    upkeep.summarise(touched)
    return upkeep.emits() + _again(condense(upkeep.tasks), block, state, context)


def hear_lineage(block: Block, state: StateView, context: StageContext) -> list[Emit]:
    """One block of `producer.lineage`."""
    touched, to_answer = hear(block, state)
    upkeep = Upkeep(block, state)
    upkeep.summarise(touched)
    for upstream, follower in to_answer:
        upkeep.answer(upstream, follower, touched.lots[upstream])
    return upkeep.emits() + _again(condense(upkeep.tasks), block, state, context)


def go_on(block: Block, state: StateView, context: StageContext) -> list[Emit]:
    """One block of `producer.backlog`: the next slice."""
    return _again(read_tasks(block), block, state, context)


def _again(tasks: list[Task], block: Block, state: StateView, context: StageContext) -> list[Emit]:
    done, left = work_off(tasks, state, context.slice_rows)
    emits = leave("producer.backlog", left)
    if not done and not block.redelivered:
        return emits
    return emits + assess_listings(retold(done), block, state, context)
