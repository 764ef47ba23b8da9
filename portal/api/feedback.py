"""What a platform has to mend: its listings with gaps, and how each is mended."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from fastapi import Depends, Query, Response

from suyuan.domain.chain.gaps import GAPS
from suyuan.portal.api.exporting import Form, exported
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.paging import USUAL, After, Limit, listed, page_of
from suyuan.portal.problems import Fault, Problem
from suyuan.portal.read_log import log_read
from suyuan.queries.answers import Feedback, plain
from suyuan.queries.api import FeedbackFilter
from suyuan.queries.paging import Paged
from suyuan.queries.questions import EVERY_FEEDBACK
from suyuan.queries.to_mend import COLUMNS, gap_to_mend, lines_to_mend, with_mending

router = GuardedRouter(prefix="/api/v1", tags=["feedback"])

ROW = tuple(field.encode_name for field in msgspec.structs.fields(Feedback))
_GAPS = {gap.gap: gap.class_ for gap in GAPS}


def wanted(
    gap: Annotated[str | None, Query(max_length=64, description="only listings with this gap")] = None,
    verdict: Annotated[Literal["", "partial", "broken", "contradicted"] | None, Query()] = None,
    seller: Annotated[str | None, Query(max_length=64, description="its code")] = None,
    listing: Annotated[str | None, Query(max_length=200)] = None,
) -> FeedbackFilter:
    """What is empty does not matter. Raises Problem."""
    if gap and gap not in _GAPS:
        raise Problem("invalid", errors=[Fault(f"no such gap; those that there are: {', '.join(_GAPS)}", "gap")])
    return FeedbackFilter(None, seller or None, listing or None, verdict or None, gap or None)


Wanted = Annotated[FeedbackFilter, Depends(wanted)]


@router.get("/feedback", action="feedback.read")
async def feedback(who: Who, wanted: Wanted, limit: Limit = USUAL, after: After = None) -> Response:
    """Listings that have gaps, by listing; each gap with the fields of the listing that would mend it, how, and what
    proves it, in Chinese and English.
    """
    page = page_of(who, limit, after)
    found = await who.ask(lambda queries, scope: queries.feedback(scope, wanted, page))
    log_read(who, "feedback")
    return listed(who, Paged([with_mending(plain(row)) for row in found.rows], found.after, found.more), ROW)


@router.get("/feedback/counts", action="feedback.read")
async def counts(who: Who, wanted: Wanted) -> Response:
    """How many listings have each verdict, and how many each gap, the most first, with what would mend it."""
    found = await who.ask(lambda queries, scope: queries.gap_counts(scope, wanted))
    gaps = [
        {"listings": listings} | gap_to_mend({"gap": gap, "class": _GAPS.get(gap)})
        for gap, listings in found.gaps.items()
    ]
    return Response(msgspec.json.encode({"verdicts": found.verdicts, "gaps": gaps}), media_type="application/json")


@router.get("/feedback/export", action="feedback.read")
async def export(who: Who, wanted: Wanted, form: Form = "csv") -> Response:
    """All of them as lines, one for each gap of each listing: CSV for a spreadsheet, or NDJSON."""
    return await exported(
        who, EVERY_FEEDBACK, wanted, form, "suyuan-feedback", COLUMNS, lambda rows: lines_to_mend(rows, wanted.gap)
    )
