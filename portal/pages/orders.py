"""Orders of spot checks as pages: the list, one with all that was said of it and what can be said now, the sheet that
goes with the sample, and what is sent to seller, labelled producer and platform.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import Form, Path, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field, ValidationError

from suyuan.access.policy import ACTIONS
from suyuan.domain.calendar import china_day
from suyuan.domain.checks.deadlines import built_in_deadlines
from suyuan.domain.checks.life import ANSWERS, STATES
from suyuan.operations.orders.answering import Possible, Said, possible
from suyuan.portal.api.orders import Current, OrderNo, Wanted, WantedOrders, answer_current, current_of, told_of
from suyuan.portal.context import Context
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.pages.addresses import chain_address, evidence_address, order_address
from suyuan.portal.pages.rendering import render
from suyuan.portal.paging import USUAL, After, next_cursor, page_of
from suyuan.portal.problems import Problem
from suyuan.portal.read_log import log_read

router = GuardedRouter()

FILTERS = ("check", "platform", "state", "officer", "overdue")
_TOLD = {"conflict", "precondition-failed", "forbidden", "invalid"}
"""problems that the page itself says"""
Whom = Annotated[Literal["seller", "producer", "platform"], Path()]
Line = Annotated[str, Field(max_length=200)]


class Given(BaseModel):
    """The form as it was filled in."""

    answer: Line = ""
    sample: Line = ""
    spare: Line = ""
    party: Line = ""
    etag: Line = ""

    def said(self) -> Said:
        """As it is prepared. Raises ValidationError."""
        given = {name: getattr(self, name).strip() or None for name in ("answer", "sample", "spare", "party")}
        wanted = Wanted.model_validate(given)
        return Said(answer=wanted.answer, sample=wanted.sample, spare=wanted.spare, party=wanted.party)


@router.get("/orders", action="order.list")
async def orders(who: Who, wanted: WantedOrders, after: After = None) -> Response:
    """Those of the newest check first."""
    page = page_of(who, USUAL, after)
    found = await who.ask(lambda queries, scope: queries.orders(scope, wanted, page))
    log_read(who, "orders")
    asked = {name: who.request.query_params.get(name, "") for name in FILTERS}
    rows = [told_of(who, order) for order in found.rows]
    return render(
        who,
        "orders.html",
        asked=asked,
        chosen={name: text for name, text in asked.items() if text},
        rows=[each.told for each in rows],
        pending={each.told.order_no for each in rows if each.pending},
        states=STATES,
        cursor=next_cursor(who, found),
        present=after,
        order_address=order_address,
        chain_address=chain_address,
    )


@router.get("/orders/{order}", action="order.read")
async def order(who: Who, order: OrderNo) -> Response:
    """What is to be bought and tested, what became of it, and what can be said now."""
    return await _page(who, await current_of(who, order))


@router.post("/orders/{order}/answer", action="order.answer")
async def answer(who: Who, order: OrderNo, given: Annotated[Given, Form()]) -> Response:
    """Say what became of it. What makes no sense, or came too late, is said on its page."""
    found = await current_of(who, order)
    try:
        made, _ = await answer_current(who, found, given.said(), given.etag or None)
    except (Problem, ValidationError) as error:
        if isinstance(error, Problem) and error.name not in _TOLD:
            raise
        status = error.status if isinstance(error, Problem) else 422
        return await _page(who, found, status=status, wrong=_why(error), given=given)
    return RedirectResponse(f"{order_address(found.order.order_no)}?{urlencode({'done': made.answer})}", 303)


@router.get("/orders/{order}/sheet", action="order.read")
async def sheet(who: Who, order: OrderNo) -> Response:
    """The sheet that goes with the sample, to be printed and signed."""
    found = await current_of(who, order)
    log_read(who, f"sheet of order {found.order.order_no}")
    return render(who, "order_sheet.html", order=found.told, order_address=order_address)


@router.get("/orders/{order}/notices/{whom}", action="order.read")
async def notice(who: Who, order: OrderNo, whom: Whom) -> Response:
    """What a party is told of the result, with its days; there is none before there is a result, and none to a producer
    whom the listing does not name.
    """
    found = await current_of(who, order)
    told, days = found.told, built_in_deadlines()
    results = [each for each in told.results if each.of in ("sample", "spare")]
    if not results or (whom == "producer" and told.producer_code is None):
        raise Problem("not-found")
    log_read(who, f"notice of order {told.order_no} to {whom}")
    told_on = next((each.day for each in told.told if each.party == whom), None)
    by = next((each.day for each in told.to_tell if each.party == whom), None)
    on = dt.date.fromisoformat(told_on) if told_on else china_day(who.now())
    return render(
        who,
        "order_notice.html",
        order=told,
        whom=whom,
        code={"seller": told.seller_code, "producer": told.producer_code, "platform": told.platform_code}[whom],
        results=results,
        told_on=told_on,
        by=by,
        on=on.isoformat(),
        object_until=days.objection.last_day(on).isoformat(),
        days=days,
        may_object=told.verdict == "fail" and all(each.of == "sample" for each in results),
        order_address=order_address,
    )


async def _page(
    who: Context, found: Current, *, status: int = 200, wrong: str = "", given: Given | None = None
) -> Response:
    told = found.told
    log_read(who, f"order {told.order_no}")
    done = who.request.query_params.get("done", "")
    return render(
        who,
        "order.html",
        status=status,
        order=told,
        may=_may(who, found),
        wrong=wrong,
        given=given or Given(),
        done=done if done in ANSWERS else "",
        pending=bool(found.pending),
        notices=[
            party
            for party in ("seller", "producer", "platform")
            if told.verdict and (party != "producer" or told.producer_code is not None)
        ],
        deadlines=built_in_deadlines(),
        order_address=order_address,
        chain_address=chain_address,
        evidence_address=evidence_address,
    )


def _may(who: Context, found: Current) -> list[Possible]:
    """What whoever reads may say of it now."""
    if who.principal.role not in (ACTIONS["order.answer"].roles or ()):
        return []
    now = who.now()
    return possible(who.principal, found.order, found.pending, now=now, day=china_day(now))


def _why(error: Problem | ValidationError) -> str:
    if isinstance(error, Problem):
        return error.errors[0].detail if error.errors else error.detail or error.type.title
    return f"answer: {', '.join(ANSWERS)}"
