"""How an order that was read stands on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import msgspec

from suyuan.domain.checks.life import Answer, Facts, Result
from suyuan.domain.checks.standing import Standing, standing
from suyuan.queries.answers import InspectionOrder, OrderAnswer

_FIELDS = tuple(field.name for field in msgspec.structs.fields(Answer) if field.name != "order_no")


def standing_of(order: InspectionOrder, day: dt.date, more: Iterable[Answer] = ()) -> Standing:
    """`day`: in China; `more`: answers that the tables do not have yet."""
    return standing([*(answer_of(order.order_no, each) for each in order.answers), *more], facts_of(order), day)


def answer_of(order_no: str, answer: OrderAnswer) -> Answer:
    """As it is folded."""
    return Answer(order_no=order_no, **{name: getattr(answer, name) for name in _FIELDS})


def facts_of(order: InspectionOrder) -> Facts:
    """What else the life of an order depends on."""
    results = frozenset(
        Result(
            each.agency_code,
            each.report_no,
            each.sample_no,
            each.result,
            dt.date.fromisoformat(each.inspected_on),
            (each.occurred_at, each.event_id, each.publisher, each.tie),
        )
        for each in order.results
    )
    return Facts(results, producer=order.producer_code is not None, cancelled=order.cancelled)
