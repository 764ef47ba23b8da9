"""What is told of alerts once they have settled: a round of settling every quarter of a second while there is any.

The stage asks itself for a round through `alerting.backlog`. A round tells of the alerts that nothing has touched since
the round before, and asks for the next one while others are left. So a storm of changes is told of when it is over,
with exact numbers, and of an alert that changes without an end the steps are. One round is asked for at a time: its
number is that of the state, or it was asked for twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from suyuan.streams.stage import Output
from suyuan.streams.stages.alerting.kept import ROUND, UNSETTLED, Round, decode_round, encode, unsettled_key
from suyuan.streams.stages.backlog import Task, leave
from suyuan.streams.stages.redelivery import BlockMemory, Done, block_id, came_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from suyuan.streams.stage import Block, StateView

TOPIC = "alerting.backlog"


class Settled(Done, frozen=True):
    """`alerts`: those that were told of."""

    alerts: tuple[str, ...] = ()


SETTLED = BlockMemory("settled", Settled)


def settle_later(block: Block, state: StateView, alerts: Iterable[str]) -> list[Output]:
    """Have alerts settle that a block touched. Returns `alerting.backlog`, where no round is asked for yet, or this
    block, which is delivered again, had asked for it.
    """
    known = _round(state)
    names = list(alerts)
    state.put_many([unsettled_key(alert) for alert in names], [b"%d" % known.number] * len(names))
    if names and not known.asked:
        return _ask(block, state, known.number)
    return _leave(block, known.number) if came_of(block, known.asked) else []


def due(block: Block, state: StateView, rows: int, *, waiting: bool) -> list[str] | None:
    """The alerts that a block of `alerting.backlog` is to tell of, at most so many; None: the round was done, or is
    another one. `waiting`: none yet.
    """
    known = _round(state)
    if not any(reason == str(known.number) for reason in block.rows["reason"]):
        return None
    if waiting:
        return []
    found = state.scan(UNSETTLED)
    return [key[len(UNSETTLED) :].decode() for key, value in found if int(value) < known.number][:rows]


def next_round(block: Block, state: StateView, told: list[str]) -> list[Output]:
    """The round is done: what was told is settled, and the next one is asked for where something is left."""
    for alert in told:
        state.delete(unsettled_key(alert))
    SETTLED.keep(block, state, Settled(block.offset, tuple(told)))
    number = _round(state).number + 1
    if state.scan(UNSETTLED, limit=1):
        return _ask(block, state, number)
    state.put(ROUND, encode(Round(number)))
    return []


def repeat_round(block: Block, state: StateView) -> tuple[list[str], list[Output]]:
    """Of a block that is delivered again: the alerts that it had told of, and the round that it had asked for."""
    before = SETTLED.recall(block, state)
    known = _round(state)
    asked = _leave(block, known.number) if came_of(block, known.asked) else []
    return list(before.alerts) if before is not None else [], asked


def _ask(block: Block, state: StateView, number: int) -> list[Output]:
    state.put(ROUND, encode(Round(number, block_id(block))))
    return _leave(block, number)


def _leave(block: Block, number: int) -> list[Output]:
    return leave(TOPIC, [Task(UNSETTLED, str(number), block.timestamp)])


def _round(state: StateView) -> Round:
    value = state.get(ROUND)
    return decode_round(value) if value is not None else Round()
