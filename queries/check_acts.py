"""Checks from the acts on them, as the tables tell these."""

from __future__ import annotations

from collections.abc import Iterable

from suyuan.domain.checks.bodies import BODIES
from suyuan.domain.checks.faults import BodyError, decode
from suyuan.domain.checks.stage import Act, Check, fold
from suyuan.queries.answers import CheckAct


def check_of(acts: Iterable[CheckAct]) -> Check:
    """What acts on one check give. What only a later version knows is left out."""
    found = []
    for act in acts:
        if act.act in BODIES:
            try:
                body = decode(act.act, act.body)
            except BodyError:
                continue
            found.append(Act((act.occurred_at, act.event_id, act.publisher, act.tie), body))
    return fold(found)


def checks_of(acts: Iterable[CheckAct]) -> dict[str, Check]:
    """The same of several checks, by id; none of one of which only a later version knows."""
    found: dict[str, list[CheckAct]] = {}
    for act in acts:
        if act.act in BODIES:
            found.setdefault(act.check_id, []).append(act)
    return {check_id: check_of(of) for check_id, of in found.items()}
