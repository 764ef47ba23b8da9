"""Alerting: findings become alerts, one of each rule, subject and bureau, which people deal with.

An alert stands while a finding of it does. What people do with it are acts; how it is dealt with is a fold of all of
them over what it rests on now (`domain/alerts/life.py`). The last that is said of each depends only on the newest of
each finding and the set of acts, not on their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from suyuan.streams.stages.alerting.acts import note_acts
from suyuan.streams.stages.alerting.desks import Desks
from suyuan.streams.stages.alerting.members import note_findings
from suyuan.streams.stages.alerting.settling import due, next_round, repeat_round, settle_later

if TYPE_CHECKING:
    from suyuan.streams.stage import Block, Output, StageContext, StateView


def hear_findings(block: Block, state: StateView, context: StageContext) -> list[Output]:
    """One block of `finding` (block schema `finding`): counts them, and returns `alert.state` for what is to be said at
    once (`telling.py`), and `alerting.backlog` where something is left to say.
    """
    if block.rows.is_empty():
        return []
    touched = note_findings(block, state)
    desks = Desks(block, state, touched)
    desks.note_findings(touched)
    changed = {alert: changes.received_at for alert, changes in touched.items() if changes.received_at}
    return _told(block, state, desks, changed, context.quiet_before)


def hear_acts(block: Block, state: StateView, context: StageContext) -> list[Output]:
    """One block of `alert.record` (block schema `record`): keeps the acts, and returns what `hear_findings` does of the
    alerts that they are about.
    """
    touched = note_acts(block, state)
    if not touched:
        return []
    desks = Desks(block, state, touched)
    desks.note_acts(touched)
    changed = {alert: at for alert, (_, at) in touched.items() if at}
    return _told(block, state, desks, changed, context.quiet_before)


def settle(block: Block, state: StateView, context: StageContext) -> list[Output]:
    """One block of `alerting.backlog` (block schema `backlog`): a round of settling. Returns `alert.state`, and the
    next round where something is left.
    """
    if block.redelivered:
        told, asked = repeat_round(block, state)
        return [*Desks(block, state, told).repeat(), *asked]
    alerts = due(block, state, context.slice_rows, waiting=context.quiet_before > 0)
    if alerts is None:
        return []
    desks = Desks(block, state, alerts)
    outputs = desks.settle()
    desks.keep()
    return [*outputs, *next_round(block, state, alerts)]


def _told(block: Block, state: StateView, desks: Desks, changed: dict[str, int], quiet_before: int) -> list[Output]:
    repeated = desks.repeat()
    outputs, later = desks.tell(changed, quiet_before)
    desks.keep()
    return [*repeated, *outputs, *settle_later(block, state, later)]
