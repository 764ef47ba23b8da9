"""Orders of spot checks within the scope of whoever asks: as they stand, and what is said of them."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, NamedTuple

import msgspec
from fastapi import Depends, Header, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from suyuan.domain.calendar import china_day
from suyuan.domain.checks.life import STATES, Answer, AnswerName, Party
from suyuan.operations.orders.answering import NotNow, Said, prepared, publish
from suyuan.operations.orders.outward import COLUMNS, OutwardOrder, outward
from suyuan.portal.context import Context
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.paging import USUAL, After, Limit, listed, page_of
from suyuan.portal.problems import Fault, Problem
from suyuan.portal.read_log import log_read
from suyuan.queries.answers import InspectionOrder, plain
from suyuan.queries.api import OrderFilter, Page, Paged
from suyuan.schemas.validation import InvalidEvent

router = GuardedRouter(prefix="/api/v1", tags=["spot checks"])

_SEAL = 128
OrderNo = Annotated[str, Path(max_length=200)]
Check = Annotated[str | None, Query(max_length=200, description="number of a check")]
Platform = Annotated[str | None, Query(max_length=200, description="credit code of the platform")]
States = Annotated[
    str | None, Query(max_length=300, description=f"{', '.join(STATES)}; several with commas between them")
]
Officer = Annotated[str | None, Query(max_length=200, description="staff number of an officer who was drawn for it")]
Overdue = Annotated[bool, Query(description="those of which somebody should have been told by now")]
IfMatch = Annotated[
    str | None, Header(max_length=200, description="`ETag` of the order as it was read: 412 where it has changed since")
]


class Wanted(BaseModel):
    """What is said of the order. `sample`, `spare`: numbers of the seals, with `unpacked`; `party`: seller, producer or
    platform, who was told or who objects.
    """

    model_config = ConfigDict(extra="forbid")

    answer: AnswerName
    sample: str | None = Field(default=None, max_length=_SEAL)
    spare: str | None = Field(default=None, max_length=_SEAL)
    party: Party | None = None


class Current(NamedTuple):
    """An order as whoever asks is told of it now, and answers that have not come back."""

    order: InspectionOrder
    pending: list[Answer]
    told: OutwardOrder


def wanted_of(
    who: Who,
    check: Check = None,
    platform: Platform = None,
    state: States = None,
    officer: Officer = None,
    overdue: Overdue = False,  # noqa: FBT002 -- of a query
) -> OrderFilter:
    """The filter that a request's parameters make. Raises Problem, invalid."""
    states = tuple(each.strip() for each in (state or "").split(",") if each.strip())
    if not set(states) <= set(STATES):
        raise Problem("invalid", errors=[Fault(f"not one of {', '.join(STATES)}", "state")])
    return OrderFilter(
        china_day(who.now()),
        check_id=check or None,
        platform_code=platform or None,
        officer=officer or None,
        states=states,
        overdue=overdue,
    )


WantedOrders = Annotated[OrderFilter, Depends(wanted_of)]
"""of a handler's parameter: the filters of orders"""


@router.get("/orders", action="order.list")
async def orders(who: Who, wanted: WantedOrders, limit: Limit = USUAL, after: After = None) -> Response:
    """Those of the newest check first, in the order of their numbers. A platform sees those on its listings, a bureau
    its own.
    """
    page = page_of(who, limit, after)
    found = await who.ask(lambda queries, scope: queries.orders(scope, wanted, page))
    log_read(who, "orders")
    rows: list[Any] = [told_of(who, order).told for order in found.rows]
    return listed(who, Paged(rows, found.after, found.more), COLUMNS)


@router.get("/orders/{order}", action="order.read")
async def order(who: Who, order: OrderNo) -> Response:
    """One as it stands, with all that was said of it, results, and days. `ETag` names that for `If-Match`."""
    found = await current_of(who, order)
    log_read(who, f"order {found.order.order_no}")
    body = msgspec.json.encode({**plain(found.told), "pending": bool(found.pending)})
    return Response(body, headers={"ETag": f'"{found.told.tag}"'}, media_type="application/json")


@router.post("/orders/{order}/answer", action="order.answer", status_code=202)
async def answer(who: Who, order: OrderNo, wanted: Wanted | None = None, if_match: IfMatch = None) -> Response:
    """Say what became of an order. It is in the log when this is answered. What would change nothing, since the order
    is not so far or is beyond it, is refused: 409, which says what can be said now.
    """
    found = await current_of(who, order)
    if wanted is None:
        raise Problem("invalid", errors=[Fault("is missing: say what became of it", "/answer")])
    said = Said(answer=wanted.answer, sample=wanted.sample, spare=wanted.spare, party=wanted.party)
    made, after = await answer_current(who, found, said, if_match)
    body = {"order_no": made.order_no, "answer": made.answer, "event_id": made.event_id, "state": after.told.state}
    headers = {"ETag": f'"{after.told.tag}"', "Location": f"/api/v1/orders/{made.order_no}"}
    return Response(msgspec.json.encode({**body, "etag": headers["ETag"]}), 202, headers, "application/json")


async def answer_current(who: Context, found: Current, said: Said, tag: str | None) -> tuple[Answer, Current]:
    """Say it; the answer, and the order as it is with it. `tag`: of `If-Match`. Raises Problem for what is not said."""
    if tag is not None and not _matches(found.told.tag, tag):
        raise Problem("precondition-failed", "somebody was quicker: read it again")
    now = who.now()
    pending = who.portal.answers.beside(found.order, now)  # somebody may have come since it was read
    if tag is not None and len(pending) != len(found.pending):
        raise Problem("precondition-failed", "somebody was quicker: read it again")
    try:
        made = prepared(
            who.principal, found.order, pending, said, now=now, day=china_day(now), chance=secrets.token_bytes
        )
    except NotNow as error:
        raise Problem("conflict" if error.why == "state" else "forbidden", str(error)) from None
    except InvalidEvent as error:
        raise Problem("invalid", errors=[Fault(error.reason, f"/{error.field}")]) from None
    who.portal.answers.add(made)
    try:
        await who.portal.ports.publish(lambda outlet: publish(outlet, made))
    except BaseException:
        who.portal.answers.forget(made)
        raise
    return made, told_of(who, found.order)


async def current_of(who: Context, order_no: str) -> Current:
    """An order that the scope shows, with what was said here and has not come back. Raises Problem, not-found."""
    wanted = OrderFilter(china_day(who.now()), order_no=order_no)
    found = (await who.ask(lambda queries, scope: queries.orders(scope, wanted, Page(1)))).rows
    if not found:
        raise Problem("not-found")
    return told_of(who, found[0])


def told_of(who: Context, order: InspectionOrder) -> Current:
    """An order that was read, as whoever asks is told of it: a platform is not told who acts at a bureau."""
    now = who.now()
    pending = who.portal.answers.beside(order, now)
    actors = who.scope.is_everything or bool(who.scope.divisions)
    return Current(order, pending, outward(order, china_day(now), pending, actors=actors))


def _matches(current: str, given: str) -> bool:
    tags = [each.strip().removeprefix("W/").strip('"') for each in given.split(",")]
    return "*" in tags or current in tags
