"""How far a check has come: what the set of its acts gives, in whatever order they came.

| last act   | what may come       |
|------------|---------------------|
| none       | plan                |
| plan       | freeze, cancel      |
| freeze     | randomness, cancel  |
| randomness | draw, cancel        |
| draw       | publish, cancel     |
| publish    | cancel              |
| cancel     | nothing             |

An act takes effect where its `after` is the hash of the last one. Of several that do, the first counts; the others are
void: they are kept, and shown, since a second frame or a second draw is what a check is to exclude. A cancel counts
before whatever else follows the same act.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from suyuan.domain.checks.bodies import AnyBody, Body, Cancel, Draw, Freeze, Plan, Publish, Randomness, hash_of

_NEXT: dict[type[Body] | None, tuple[type[Body], ...]] = {
    None: (Plan,),
    Plan: (Freeze, Cancel),
    Freeze: (Randomness, Cancel),
    Randomness: (Draw, Cancel),
    Draw: (Publish, Cancel),
    Publish: (Cancel,),
    Cancel: (),
}


class Act(NamedTuple):
    """An act as it was published: what orders it among others (moment, event id, publisher, content), and its body."""

    recency: tuple[int | str, ...]
    body: AnyBody


class Check(NamedTuple):
    """What is known of a check. `void`: acts that change nothing."""

    plan: Plan | None = None
    freeze: Freeze | None = None
    randomness: Randomness | None = None
    draw: Draw | None = None
    publish: Publish | None = None
    cancel: Cancel | None = None
    void: tuple[Act, ...] = ()

    @property
    def last(self) -> AnyBody | None:
        """The act that it has come to."""
        return self.cancel or self.publish or self.draw or self.randomness or self.freeze or self.plan

    @property
    def next(self) -> tuple[type[Body], ...]:
        """What may come now."""
        last = self.last
        return _NEXT[type(last) if last is not None else None]


def fold(acts: Iterable[Act]) -> Check:
    """The check that a set of acts of one check gives."""
    left = sorted({act.recency: act for act in acts}.values(), key=lambda act: act.recency)
    left.sort(key=lambda act: not isinstance(act.body, Cancel))
    check = Check()
    while found := next((act for act in left if _follows(act.body, check)), None):
        left.remove(found)
        check = _with(check, found.body)
    return check._replace(void=tuple(sorted(left, key=lambda act: act.recency)))


def _with(check: Check, body: AnyBody) -> Check:
    match body:
        case Plan():
            return check._replace(plan=body)
        case Freeze():
            return check._replace(freeze=body)
        case Randomness():
            return check._replace(randomness=body)
        case Draw():
            return check._replace(draw=body)
        case Publish():
            return check._replace(publish=body)
        case Cancel():
            return check._replace(cancel=body)


def _follows(body: AnyBody, check: Check) -> bool:
    if not isinstance(body, check.next):
        return False
    last = check.last
    return isinstance(body, Plan) or (last is not None and body.after == hash_of(last))
