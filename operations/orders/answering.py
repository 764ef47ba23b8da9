"""Answers on orders, on their way into the log: what a face does with what somebody says of an order that they see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from suyuan.access.alert_acts import Denied
from suyuan.access.keys import Chance
from suyuan.access.order_answers import may_answer
from suyuan.access.principal import Principal
from suyuan.domain.acceptance import SYSTEM
from suyuan.domain.checks.acts import ORDER_ANSWER
from suyuan.domain.checks.life import ANSWERS, PARTIES, Answer, AnswerName, Party
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.publishing.checking import refuse
from suyuan.publishing.files.outlet import Outlet
from suyuan.publishing.keys import identities
from suyuan.queries.answers import InspectionOrder
from suyuan.queries.order_standing import standing_of
from suyuan.schemas.events import encode_event
from suyuan.schemas.kinds import event_schema

ID_BYTES = 16
_FIELDS = tuple(field.name for field in event_schema(ORDER_ANSWER).fields)


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says: see `domain/checks/life.py`."""

    answer: AnswerName
    sample: str | None = None
    spare: str | None = None
    party: Party | None = None


class Possible(NamedTuple):
    """An answer that the order allows now; `party`: of told and objected."""

    answer: AnswerName
    party: Party | None


class NotNow(SuyuanError):
    """An answer that is not for who gives it, or would change nothing. `why`: role, bureau, state."""

    kind = ErrorKind.USAGE

    def __init__(self, why: Literal["role", "bureau", "state"], reason: str) -> None:
        super().__init__(reason)
        self.why = why


def prepared(
    principal: Principal,
    order: InspectionOrder,
    pending: Sequence[Answer],
    said: Said,
    *,
    now: int,
    day: dt.date,
    chance: Chance,
) -> Answer:
    """The answer that follows. `pending`: those that the tables do not have yet; `now`: ms UTC; `day`: in China;
    `chance`: of the id. Raises NotNow, and InvalidEvent, which names the field, for what is no answer.
    """
    denied = _denied(principal, order, said.answer, said.party)
    if denied is not None:
        raise NotNow(denied.why, denied.reason)
    made = _answer(principal.id, order, pending, said, now, chance(ID_BYTES).hex())
    refuse(ORDER_ANSWER, event_of(made), now / 1000)
    if _is_void(order, pending, made, day):
        stands = standing_of(order, day, pending)
        can = ", ".join(dict.fromkeys(each.answer for each in _possible(order, pending, now, day)))
        raise NotNow(
            "state", f"it is {stands.state}, so it cannot be {said.answer}: what can be said now: {can or '-'}"
        )
    return made


def possible(
    principal: Principal, order: InspectionOrder, pending: Sequence[Answer], *, now: int, day: dt.date
) -> list[Possible]:
    """What whoever asks may say of it now, in the order of ANSWERS."""
    return [
        each
        for each in _possible(order, pending, now, day)
        if _denied(principal, order, each.answer, each.party) is None
    ]


def publish(outlet: Outlet, answer: Answer) -> None:
    """Append an answer; durable on return. Raises SuyuanError, UNAVAILABLE where the log does not answer: the same may
    be published again, and counts once.
    """
    made = event_of(answer)
    taken = outlet.append(identities(ORDER_ANSWER, [made]), [encode_event(ORDER_ANSWER, made)]).result()
    if taken.failure is not None:
        raise taken.failure


def event_of(answer: Answer) -> dict[str, Any]:
    """An answer as an event."""
    return {name: getattr(answer, name, None) for name in _FIELDS}


def _denied(principal: Principal, order: InspectionOrder, answer: str, party: str | None) -> Denied | None:
    return may_answer(principal, answer, party, bureau=order.bureau, platform_code=order.platform_code)


def _possible(order: InspectionOrder, pending: Sequence[Answer], now: int, day: dt.date) -> list[Possible]:
    found = []
    for answer in ANSWERS:
        for party in PARTIES if answer in ("told", "objected") else (None,):
            seals = {"sample": "-", "spare": "--"} if answer == "unpacked" else {}
            made = _answer("-", order, pending, Said(answer=answer, party=party, **seals), now, "")
            if not _is_void(order, pending, made, day):
                found.append(Possible(answer, party))
    return found


def _is_void(order: InspectionOrder, pending: Sequence[Answer], made: Answer, day: dt.date) -> bool:
    if order.cancelled and standing_of(order, day, pending).state == "cancelled":
        return True
    return (made.publisher, made.event_id) in standing_of(order, day, [*pending, made]).life.void


def _answer(
    actor: str, order: InspectionOrder, pending: Sequence[Answer], said: Said, now: int, event_id: str
) -> Answer:
    """After all that is known, whatever this machine's clock says: of two in one millisecond the later one counts."""
    moments = [*(each.occurred_at for each in order.answers), *(each.occurred_at for each in pending)]
    last = max(moments, default=0)
    return Answer(
        event_id=event_id,
        publisher=SYSTEM,
        occurred_at=max(now, last + 1),
        order_no=order.order_no,
        answer=said.answer,
        actor=actor,
        sample=said.sample,
        spare=said.spare,
        party=said.party,
    )
