"""How an order stands on a day: its life, and what is to be done until when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from suyuan.domain.checks.deadlines import Deadlines, built_in_deadlines
from suyuan.domain.checks.life import Answer, Facts, Life, State, concerned, fold, state_at


class Until(NamedTuple):
    """A party, and the last day on which it can be told, or can object."""

    party: str
    day: dt.date


class Standing(NamedTuple):
    """`state`: as it is read on the day. `to_tell`: who is still to be told of the result; `objection`: of those who
    were told of a fail, until when each may object, where the order is not final yet. `overdue`: whether somebody
    should have been told before the day.
    """

    life: Life
    state: State
    to_tell: tuple[Until, ...]
    objection: tuple[Until, ...]
    overdue: bool


def standing(answers: Iterable[Answer], facts: Facts, day: dt.date, deadlines: Deadlines | None = None) -> Standing:
    """How an order stands on a day in China. The days for an objection are those of the deadlines, not of the facts."""
    days = deadlines or built_in_deadlines()
    facts = facts._replace(objection_days=days.objection.days)
    life = fold(answers, facts)
    state = state_at(life, day, facts)
    to_tell: tuple[Until, ...] = ()
    objection: tuple[Until, ...] = ()
    found = life.retest or life.result
    if found is not None and life.state in ("tested", "retested"):
        last = days.told.last_day(found.inspected_on)
        told = dict(life.told)
        to_tell = tuple(Until(party, last) for party in concerned(found.verdict, facts) if party not in told)
    if state == "told" and found is not None and found.verdict == "fail":
        objection = tuple(Until(party, days.objection.last_day(on)) for party, on in life.told)
    return Standing(life, state, to_tell, objection, any(day > each.day for each in to_tell))
