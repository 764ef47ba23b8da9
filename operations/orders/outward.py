"""An order as everybody outside is told of it: by the API, pages and the command."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from hashlib import sha256

import msgspec

from suyuan.domain.checks.life import Answer, Result
from suyuan.domain.checks.standing import Standing, Until
from suyuan.domain.evidence import evidence_id
from suyuan.queries.answers import InspectionOrder, OrderAnswer, OrderResult
from suyuan.queries.order_standing import standing_of


class PartyDay(msgspec.Struct, frozen=True):
    """A party (seller, producer, platform), and a day in China."""

    party: str
    day: str


class OutwardAnswer(msgspec.Struct, frozen=True):
    """`void`: it changed nothing, since the order was not so far, or was beyond it; `pending`: it is in the log, and
    has not come back yet. `actor`: None for a platform.
    """

    event_id: str
    occurred_at: int
    answer: str
    actor: str | None
    sample: str | None
    spare: str | None
    party: str | None
    void: bool
    pending: bool


class OutwardResult(msgspec.Struct, frozen=True):
    """`of`: sample or spare; stray: of neither seal of this order, or not the first report on it. `evidence`: of the
    inspection.
    """

    of: str
    agency_code: str
    report_no: str
    sample_no: str
    result: str
    failed_items: list[str]
    inspected_on: str
    evidence: str


class OutwardOrder(msgspec.Struct, frozen=True):
    """`state`: as it is read on the day of asking (`domain/checks/life.py`); `verdict`: pass or fail once there is a
    result; `told`: who knows of it, on which day; `to_tell`: who is still to be told, by which day; `overdue`: one of
    these days is past; `objection`: until when who was told of a fail may object. `sample`, `spare`: numbers of seals.
    `evidence`: of the order itself; `tag`: names it as it is, for `If-Match`.
    """

    order_no: str
    check_id: str
    state: str
    verdict: str | None
    overdue: bool
    bureau: str
    platform_code: str
    listing_id: str
    title: str | None
    seller_code: str | None
    producer_code: str | None
    gtin: str | None
    lot: str | None
    stratum: str
    weight: int
    ticket: str
    officers: list[str]
    items: list[str]
    issued_at: int
    sample: str | None
    spare: str | None
    told: list[PartyDay]
    to_tell: list[PartyDay]
    objection: list[PartyDay]
    objected_by: str | None
    answers: list[OutwardAnswer]
    results: list[OutwardResult]
    evidence: str
    tag: str


COLUMNS = tuple(
    name
    for name in OutwardOrder.__struct_fields__
    if name not in {"told", "to_tell", "objection", "answers", "results", "evidence", "tag"}
)
"""of CSV"""


def outward(order: InspectionOrder, day: dt.date, pending: Sequence[Answer] = (), *, actors: bool) -> OutwardOrder:
    """`day`: in China; `pending`: answers that the tables do not have yet; `actors`: whether it is told who acted."""
    stands = standing_of(order, day, pending)
    life = stands.life
    return OutwardOrder(
        order_no=order.order_no,
        check_id=order.check_id,
        state=stands.state,
        verdict=life.verdict,
        overdue=stands.overdue,
        bureau=order.bureau,
        platform_code=order.platform_code,
        listing_id=order.listing_id,
        title=order.title,
        seller_code=order.seller_code,
        producer_code=order.producer_code,
        gtin=order.gtin,
        lot=order.lot,
        stratum=order.stratum,
        weight=order.weight,
        ticket=order.ticket,
        officers=order.officers,
        items=order.items,
        issued_at=order.occurred_at,
        sample=life.sample,
        spare=life.spare,
        told=_days(Until(party, on) for party, on in life.told),
        to_tell=_days(stands.to_tell),
        objection=_days(stands.objection),
        objected_by=life.objected_by,
        answers=_answers(order, stands, pending, actors=actors),
        results=[_result(each, stands) for each in order.results],
        evidence=evidence_id("order", "SUYUAN", order.event_id, order.digest),
        tag=tag_of(order, pending),
    )


def tag_of(order: InspectionOrder, pending: Iterable[Answer] = ()) -> str:
    """Names all that is known of an order; the same before an answer has come back, and after."""
    answers = sorted({*(each.event_id for each in order.answers), *(each.event_id for each in pending)})
    results = sorted(f"{each.event_id} {each.digest}" for each in order.results)
    said = "\n".join([order.digest, str(order.cancelled), *answers, *results])
    return sha256(said.encode()).hexdigest()[:16]


def _days(days: Iterable[Until]) -> list[PartyDay]:
    return [PartyDay(each.party, each.day.isoformat()) for each in days]


def _answers(
    order: InspectionOrder, stands: Standing, pending: Sequence[Answer], *, actors: bool
) -> list[OutwardAnswer]:
    void, known = set(stands.life.void), {each.event_id for each in order.answers}
    out: list[OrderAnswer | Answer] = [each for each in pending if each.event_id not in known]
    return [
        OutwardAnswer(
            each.event_id,
            each.occurred_at,
            each.answer,
            each.actor if actors else None,
            each.sample,
            each.spare,
            each.party,
            (each.publisher, each.event_id) in void,
            each.event_id not in known,
        )
        for each in [*order.answers, *out]
    ]


def _result(found: OrderResult, stands: Standing) -> OutwardResult:
    return OutwardResult(
        "sample" if _is(found, stands.life.result) else "spare" if _is(found, stands.life.retest) else "stray",
        found.agency_code,
        found.report_no,
        found.sample_no,
        found.result,
        found.failed_items,
        found.inspected_on,
        evidence_id("inspection", found.publisher, found.event_id, found.digest),
    )


def _is(found: OrderResult, counted: Result | None) -> bool:
    return counted is not None and (found.agency_code, found.report_no) == (counted.agency_code, counted.report_no)
