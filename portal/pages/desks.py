"""The alert budget as a page: a row for each desk, those over the budget first."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import Response

from suyuan.domain.alerts.budget import DAYS_BEFORE
from suyuan.portal.api.desks import desks_of
from suyuan.portal.api.divisions import Prefix
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.pages.desk_days import BAR, STEP, picture_of
from suyuan.portal.pages.rendering import render
from suyuan.portal.recent_figures import KEPT_MS

router = GuardedRouter()


@router.get("/desks", action="stats.read")
async def desks(who: Who, prefix: Prefix = None) -> Response:
    """What waits at each desk, what came to it and was dealt with, and which rules bring it, as the API tells it."""
    found, at = await desks_of(who, prefix)
    return render(
        who,
        "desks.html",
        prefix=prefix or "",
        budget=found.budget,
        before=DAYS_BEFORE,
        desks=found.desks,
        over=sum(desk.over_budget for desk in found.desks),
        picture=picture_of(found.day, DAYS_BEFORE, found.budget, [desk.raised for desk in found.desks]),
        bar_width=BAR,
        step=STEP,
        at=at,
        kept=KEPT_MS // 1000,
        alerts_address=_alerts_address,
    )


def _alerts_address(bureau: str, **wanted: str) -> str:
    """Of the list of alerts at a desk."""
    return f"/alerts?{urlencode({'bureau': bureau, **wanted})}"
