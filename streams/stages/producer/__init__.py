"""Producer: listings meet the producers' records, and become trace chains.

What changes rarely (records) is summarised into facts when it changes; what comes in millions (listings) is joined to
the facts by column. A change of facts has the listings that rest on them assessed again, slice by slice.
"""

from __future__ import annotations

from suyuan.streams.stage import Block, Output, StageContext, StateView
from suyuan.streams.stages.backlog import Task, condense, leave, read_tasks
from suyuan.streams.stages.listing_rows import retold
from suyuan.streams.stages.producer.assess import assess_listings
from suyuan.streams.stages.producer.due import DUE
from suyuan.streams.stages.producer.fact_updates import FactUpdater
from suyuan.streams.stages.producer.listings import keep_listings
from suyuan.streams.stages.producer.records import keep_records
from suyuan.streams.stages.producer.slices import work_off


def meet_producer(block: Block, state: StateView, context: StageContext) -> list[Output]:
    """One block of `producer.listing` (block schema `listing`): keeps the listings and returns the `chain` of each that
    can be assessed, `intake.lookup` for records and `producer.seller` for sellers that have another home.
    """
    rows = keep_listings(block, state)
    return assess_listings(rows, block, state, context)


def note_records(block: Block, state: StateView, context: StageContext) -> list[Output]:
    """One block of `producer.record` (block schema `record`): keeps the records, updates the facts that rest on them,
    and returns the `chain` of the listings concerned, messages to other lots (`producer.lineage`), what partitions that
    asked are told of sellers (`producer.seller`), and what is left (`producer.backlog`).
    """
    dirty = keep_records(block, state, context)
    updater = FactUpdater(block, state, context)
    updater.summarise(dirty)
    return _go_on(updater, [], block, state, context)


def hear_lineage(block: Block, state: StateView, context: StageContext) -> list[Output]:
    """One block of `producer.lineage` (block schema `lineage`): notes what lots elsewhere tell of taints, and returns
    what `note_records` does.
    """
    updater = FactUpdater(block, state, context)
    updater.taints.hear()
    return _go_on(updater, [], block, state, context)


def hear_sellers(block: Block, state: StateView, context: StageContext) -> list[Output]:
    """One block of `producer.seller` (block schema `seller_facts`): answers what other partitions ask of sellers whose
    home this is, takes in what it is told of others, and returns what `note_records` does.
    """
    updater = FactUpdater(block, state, context)
    updater.hear_sellers()
    return _go_on(updater, [], block, state, context)


def go_on(block: Block, state: StateView, context: StageContext) -> list[Output]:
    """One block of `producer.backlog` (block schema `backlog`): does the next slice, and returns what `note_records`
    does.
    """
    return _go_on(FactUpdater(block, state, context), read_tasks(block), block, state, context)


def _go_on(
    updater: FactUpdater, tasks: list[Task], block: Block, state: StateView, context: StageContext
) -> list[Output]:
    """A slice of the lots that are due, and of the listings that rest on facts that are others now."""
    updater.work_off(context.slice_rows)
    listings = condense([task for task in tasks if task.prefix != DUE] + updater.tasks)
    done, left = work_off(listings, state, context.slice_rows)
    outputs = updater.taints.outputs() + updater.sellers.outputs()
    outputs += leave("producer.backlog", left + updater.due.left())
    if not done and not block.redelivered:
        return outputs
    return outputs + assess_listings(retold(done), block, state, context)
