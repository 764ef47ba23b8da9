"""Webhooks for the admin: whose they are, whether they are sent, what became of each attempt."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Path, Query, Response
from fastapi.responses import RedirectResponse

from suyuan.operations.webhooks.schedule import Outcome
from suyuan.portal.api import webhooks as api
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.pages.rendering import render
from suyuan.portal.paging import USUAL, After, next_cursor, page_of
from suyuan.queries.api import AttemptFilter

router = GuardedRouter()

Id = Annotated[str, Path(max_length=64)]
OUTCOMES = tuple(map(str, Outcome))


@router.get("/webhooks", action="webhook.manage")
async def webhooks(who: Who) -> Response:
    """All that there are."""
    grants = await who.portal.access.grants()
    names = {key.id: key.name for key, _ in grants.all_keys()}
    rows = [
        {**api.plain(each), "owner_name": names.get(each.owner), "access": grants.holder(each.owner, who.now())}
        for each in await api.visible(who)
    ]
    return render(who, "webhooks.html", rows=rows)


@router.get("/webhooks/{webhook}", action="webhook.manage")
async def webhook(
    who: Who, webhook: Id, outcome: Annotated[str | None, Query(max_length=20)] = None, after: After = None
) -> Response:
    """One, and the attempts at its deliveries, the newest first."""
    found = await api.own(who, webhook)
    chosen = outcome if outcome in OUTCOMES else None
    page, wanted = page_of(who, USUAL, after), AttemptFilter(found.id, outcome=chosen)
    attempts = await who.ask(lambda queries, scope: queries.webhook_attempts(scope, wanted, page))
    return render(
        who,
        "webhook.html",
        hook=api.plain(found),
        attempts=attempts.rows,
        outcomes=OUTCOMES,
        outcome=chosen,
        cursor=next_cursor(who, attempts),
        present=after,
        done=who.request.query_params.get("done", ""),
    )


@router.post("/webhooks/{webhook}/replay", action="webhook.write")
async def replay(who: Who, webhook: Id, delivery: Annotated[str, Form(max_length=200)] = "") -> Response:
    """A delivery is sent again under the same id."""
    found = await api.own(who, webhook)
    await api.replay(who, delivery)
    return RedirectResponse(f"/webhooks/{found.id}?done=replayed", 303)


@router.post("/webhooks/{webhook}/test", action="webhook.write")
async def test(who: Who, webhook: Id) -> Response:
    """A message that tells nothing is sent."""
    await api.test(who, webhook)
    return RedirectResponse(f"/webhooks/{webhook}?done=tested", 303)


@router.post("/webhooks/{webhook}/switch", action="webhook.write")
async def switch(who: Who, webhook: Id) -> Response:
    """What is sent is sent no more, or the other way about."""
    found = await api.own(who, webhook)
    await api.change(who, webhook, api.Change(enabled=bool(found.disabled)))
    return RedirectResponse(f"/webhooks/{webhook}?done=switched", 303)
