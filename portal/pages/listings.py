"""A platform's own listings: how they stand, what to mend, and how."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import Response

from suyuan.portal.api.feedback import Wanted
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.pages.rendering import render
from suyuan.portal.paging import USUAL, After, next_cursor, page_of
from suyuan.portal.read_log import log_read
from suyuan.queries.answers import plain
from suyuan.queries.api import DeadLetterFilter, FeedbackFilter, Page
from suyuan.queries.to_mend import gap_to_mend, with_mending

router = GuardedRouter()

REJECTIONS = 5
"""the newest, of messages that came past the portal and could not be taken"""


@router.get("/listings", action="feedback.read")
async def listings(who: Who, wanted: Wanted, after: After = None) -> Response:
    """Counts of all, then those with gaps that the filters want."""
    page = page_of(who, USUAL, after)
    counts, found, rejected = await asyncio.gather(
        who.ask(lambda queries, scope: queries.gap_counts(scope, FeedbackFilter())),
        who.ask(lambda queries, scope: queries.feedback(scope, wanted, page)),
        who.ask(lambda queries, scope: queries.dead_letters(scope, DeadLetterFilter(), Page(REJECTIONS))),
    )
    log_read(who, "feedback")
    standing = {verdict: n for verdict, n in counts.verdicts.items() if verdict != "removed"}
    gaps: list[dict[str, Any]] = [{"listings": n, **gap_to_mend({"gap": gap})} for gap, n in counts.gaps.items()]
    return render(
        who,
        "listings.html",
        code=who.principal.code,
        verdicts=counts.verdicts,
        total=sum(standing.values()),
        complete=standing.get("complete", 0),
        gaps=gaps,
        wanted=wanted,
        rows=[with_mending(plain(row)) for row in found.rows],
        rejected=rejected.rows,
        cursor=next_cursor(who, found),
        present=after,
    )
