"""Spot checks as regulators carry them out: the list, the form of a plan, and one check with what comes next."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import Form, Query, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from suyuan.domain.calendar import china_day
from suyuan.domain.checks.bodies import ACTS, CommitReveal, hash_of
from suyuan.domain.checks.numbers import check_number
from suyuan.operations.spot_checks import acting
from suyuan.portal.api.checks import (
    Bureau,
    CheckId,
    Known,
    Stage,
    acted,
    cancelling,
    drawing,
    files_of,
    filter_of,
    folder_of,
    freezing,
    giving,
    known,
    may_act,
    plain_acts,
    planned,
    publishing,
    started,
    to_act_on,
)
from suyuan.portal.context import Context
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.pages.addresses import chain_address, order_address
from suyuan.portal.pages.drawn_orders import OF_A_PAGE, drawn, listing_of, read_orders
from suyuan.portal.pages.navigation import may_open
from suyuan.portal.pages.plan_form import CLASSES, SOURCES, PlanForm, faults_by_field
from suyuan.portal.pages.rendering import render
from suyuan.portal.paging import USUAL, After, next_cursor, page_of
from suyuan.portal.problems import Problem
from suyuan.portal.read_log import log_read
from suyuan.queries.api import OfDrawn
from suyuan.queries.check_list import CheckSummary, summary_of

router = GuardedRouter()

First = Annotated[int, Query(ge=1, le=10**9, description="number of the first order")]
YearText = Annotated[str, Query(max_length=4)]
"""as a form has it: empty for every year"""
MOST_MISSING = 100
_DIGITS = 6
"""of a bureau's division"""
_LONG = ("freeze", "draw", "publish")
_TOLD = {"conflict", "precondition-failed", "invalid", "bad-request", "unavailable"}
"""problems that the page itself says"""


class Given(BaseModel):
    """What a form of an act says. `reveal`: a line for each party, its name and its secret."""

    act: Annotated[str, Field(max_length=20)] = ""
    etag: Annotated[str, Field(max_length=200)] = ""
    signature: Annotated[str, Field(max_length=2_000)] = ""
    reveal: Annotated[list[str], Field(max_length=100)] = []
    reason: Annotated[str, Field(max_length=4_000)] = ""


@router.get("/checks", action="check.read")
async def checks(
    who: Who,
    bureau: Bureau = None,
    stage: Stage = None,
    year: YearText = "",
    after: After = None,
) -> Response:
    """Those that whoever asks may read, the newest years first."""
    wanted = filter_of(bureau, stage, year_of(year))
    page = page_of(who, USUAL, after)
    found = await who.ask(lambda queries, scope: queries.checks(scope, wanted, page))
    log_read(who, "checks")
    return render(
        who,
        "checks.html",
        wanted=wanted,
        rows=found.rows,
        stages=ACTS,
        cursor=next_cursor(who, found),
        present=after,
        public=False,
        missing={},
    )


@router.get("/checks/plan", action="check.plan")
async def plan_form(who: Who, bureau: Bureau = None) -> Response:
    """The form of a plan; of a `bureau` with its next number, which parties commit to."""
    division = bureau or next(iter(who.scope.divisions), "")
    return await _plan_page(who, PlanForm(bureau=division if len(division) == _DIGITS else ""))


@router.post("/checks/plan", action="check.act", max_body_size=2 << 20)
async def plan(who: Who, given: Annotated[PlanForm, Form()]) -> Response:
    """Publish a plan. What is wrong with it is said beside each field."""
    try:
        told = await planned(who, given.fields())
    except Problem as problem:
        if problem.name not in _TOLD:
            raise
        return await _plan_page(who, given, problem.status, faults_by_field(problem))
    return RedirectResponse(f"/checks/{told.check_id}?done=plan", 303)


@router.get("/checks/{check_id}", action="check.read")
async def check(who: Who, check_id: CheckId, first: First = 1) -> Response:
    """One: how far it has come, what comes next, what was drawn, its files."""
    found = await known(who, check_id)
    log_read(who, f"check {check_id}")
    return await _page(who, found, first)


@router.post("/checks/{check_id}", action="check.act")
async def act(who: Who, check_id: CheckId, given: Annotated[Given, Form()]) -> Response:
    """Do what comes next. What was not done is said on the page."""
    found = await to_act_on(who, check_id, None)
    try:
        await _do(who, found, given)
    except Problem as problem:
        if problem.name not in _TOLD:
            raise
        return await _page(who, found, 1, status=problem.status, wrong=problem, given=given)
    return RedirectResponse(f"/checks/{check_id}?done={given.act}", 303)


def year_of(text: str) -> int | None:
    """The year that a form names; None for every year, which what is none is taken for."""
    return int(text) if text.isascii() and text.isdecimal() else None


def missing(rows: Sequence[CheckSummary], *, more: bool) -> dict[str, list[str]]:
    """Numbers that are left out behind each row of a list that has every one of them; there are none, unless something
    was taken away. `more`: rows are behind the last one.
    """
    found: dict[str, list[str]] = {}
    for row, following in zip(rows, (*rows[1:], None), strict=False):
        number = check_number(row.check_id)
        last = check_number(following.check_id) if following else None
        if number is None or (following is None and more):
            continue
        least = last.number if last and (last.bureau, last.year) == (number.bureau, number.year) else 0
        left = [str(number._replace(number=each)) for each in range(number.number - 1, least, -1)][:MOST_MISSING]
        if left:
            found[row.check_id] = left
    return found


async def _do(who: Context, found: Known, given: Given) -> None:
    """Raises Problem."""
    if given.etag and given.etag != found.tag:
        raise Problem("precondition-failed")
    match given.act:
        case "freeze":
            await started(who, found, "freeze", freezing(who, found, None))
        case "randomness":
            await acted(who, giving(who, found, _source(found, given)))
        case "draw":
            await started(who, found, "draw", drawing(who, found))
        case "publish":
            await started(who, found, "publish", publishing(who, found))
        case "cancel":
            await acted(who, cancelling(found, given.reason.replace("\r\n", "\n")))
        case _:
            raise Problem("bad-request")


def _source(found: Known, given: Given) -> Mapping[str, Any]:
    """Secrets are in the order of the plan's parties; who has not revealed has an empty field."""
    source = found.plan.randomness
    if not isinstance(source, CommitReveal):
        return {"signature": given.signature.strip()}
    pairs = zip(source.parties, given.reveal, strict=False)
    return {"reveals": [{"name": party.name, "secret": secret.strip()} for party, secret in pairs if secret.strip()]}


async def _plan_page(
    who: Context, given: PlanForm, status: int = 200, wrong: Mapping[str, list[str]] | None = None
) -> Response:
    bureau, year = given.bureau.strip(), china_day(who.now()).year
    number = None
    if check_number(f"{bureau}-{year}-1"):
        number = await who.ports.ask(
            lambda queries: acting.next_number(who.portal.checks.beside(queries), bureau, year)
        )
    return render(
        who,
        "check_plan.html",
        status=status,
        given=given,
        wrong=wrong or {},
        sources=SOURCES,
        classes=CLASSES,
        next_number=number,
    )


async def _page(
    who: Context,
    found: Known,
    first: int,
    *,
    status: int = 200,
    wrong: Problem | None = None,
    given: Given | None = None,
) -> Response:
    folder, plan_, frozen = folder_of(who, found.check_id), found.plan, found.check.freeze
    orders, listings, results = None, [], []
    if found.check.draw is not None:
        orders = await asyncio.to_thread(read_orders, folder, first)
        results = await who.ask(lambda queries, scope: queries.check_results(scope, found.check_id))
    if orders and frozen is not None:
        wanted = OfDrawn([listing_of(order) for order in orders], frozen.as_known_at)
        if who.scope.divisions or who.scope.platforms or who.scope.is_everything:
            listings = await who.ask(lambda queries, scope: queries.drawn_listings(scope, wanted))
    rows, recusals = drawn(orders or [], first, plan_, listings)
    work = who.portal.checks.work(found.check_id) if found.within else None
    role = str(who.principal.role)
    return render(
        who,
        "check.html",
        status=status,
        check_id=found.check_id,
        check=found.check,
        summary=summary_of(found.check_id, found.check),
        plan=plan_,
        plan_sha256=hash_of(plan_),
        tag=found.tag,
        acts=plain_acts(found),
        may=may_act(who, found),
        now=who.now(),
        work=work,
        rows=rows,
        recusals=recusals,
        first=first,
        of_a_page=OF_A_PAGE,
        orders_here=orders is not None,
        files=files_of(found.check),
        wrong=wrong,
        given=given or Given(),
        done=who.request.query_params.get("done", ""),
        long=_LONG,
        results=results,
        order_address=order_address if may_open(who.request.app.state.pages, role, "/orders/{order}") else None,
        chain_address=chain_address if may_open(who.request.app.state.pages, role, "/chains") else None,
    )
