"""Spot checks as everybody may read them: every number, and of each that is open all that is in it."""

from __future__ import annotations

import asyncio

import msgspec
from fastapi import Request, Response

from suyuan.domain.checks.bodies import ACTS
from suyuan.domain.checks.numbers import check_number
from suyuan.portal.api.checks import Bureau, CheckId, Stage, files_of, filter_of, folder_of, publication_of
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.pages.checks import First, YearText, missing, year_of
from suyuan.portal.pages.drawn_orders import OF_A_PAGE, drawn, read_orders
from suyuan.portal.pages.rendering import render
from suyuan.portal.paging import USUAL, After, listed, next_cursor, page_of
from suyuan.portal.problems import Problem, wants_html
from suyuan.queries.check_acts import check_of
from suyuan.queries.check_list import CheckSummary

router = GuardedRouter()


@router.get("/public/checks", action="check.public")
async def checks(
    request: Request,
    who: Who,
    bureau: Bureau = None,
    stage: Stage = None,
    year: YearText = "",
    after: After = None,
) -> Response:
    """Every number: the newest years first, of each bureau the last number first. A page, or JSON."""
    wanted = filter_of(bureau, stage, year_of(year), public=True)
    page = page_of(who, USUAL, after)
    found = await who.ask_for_anybody(lambda queries, scope: queries.checks(scope, wanted, page))
    if not wants_html(request):
        return listed(who, found, CheckSummary.__struct_fields__)
    return render(
        who,
        "checks.html",
        wanted=wanted,
        rows=found.rows,
        stages=ACTS,
        cursor=next_cursor(who, found),
        present=after,
        public=True,
        missing={} if wanted.stage else missing(found.rows, more=found.more),
    )


@router.get("/public/checks/{check_id}", action="check.public")
async def check(request: Request, who: Who, check_id: CheckId, first: First = 1) -> Response:
    """One. Before it is published or given up: how far it has come, and the hashes that bind it."""
    if check_number(check_id) is None:
        raise Problem("not-found")
    found = await who.ask_for_anybody(lambda queries, scope: queries.public_check(scope, check_id))
    if found is None:
        raise Problem("not-found")
    known = check_of(found.acts)
    if not wants_html(request):
        body = {"summary": found.summary, "publication": publication_of(known), "files": files_of(known)}
        return Response(msgspec.json.encode(body), media_type="application/json")
    orders, results = None, []
    if known.draw is not None:  # what was drawn and then given up stays public too
        results = await who.ask_for_anybody(lambda queries, scope: queries.check_results(scope, check_id))
        orders = await asyncio.to_thread(read_orders, folder_of(who, check_id), first)
    rows, recusals = drawn(orders or [], first, known.plan, []) if known.plan else ([], [])
    return render(
        who,
        "public_check.html",
        check_id=check_id,
        summary=found.summary,
        check=known,
        plan=known.plan,
        acts=[{"act": act.act, "occurred_at": act.occurred_at, "actor": None, "void": False} for act in found.acts],
        now=who.now(),
        rows=rows,
        recusals=recusals,
        first=first,
        of_a_page=OF_A_PAGE,
        results=results,
        orders_here=orders is not None,
        files=files_of(known),
        origin=who.portal.settings.portal_origin or str(request.base_url).rstrip("/"),
    )
