"""What a recall touches, and what became of it."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import Path, Response

from suyuan.domain.identifiers.normal_form import code_form, number_form
from suyuan.portal.context import Context
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.moments import KnownAt, ms_of
from suyuan.portal.problems import Problem
from suyuan.portal.read_log import log_read
from suyuan.queries.answers import plain
from suyuan.queries.api import OfRecall
from suyuan.queries.impact import Impact

router = GuardedRouter(prefix="/api/v1", tags=["traces"])


@router.get("/impact/{producer}/{recall:path}", action="trace.read")
async def impact(
    who: Who,
    producer: Annotated[str, Path(max_length=64)],
    recall: Annotated[str, Path(max_length=200)],
    known_at: KnownAt = None,
) -> Response:
    """Lots, holders and listings, with what became of these since the recall was published; `since_ms`: how long ago
    that was, by the clock of its publisher.
    """
    found = await impact_of(who, producer, recall, known_at)
    body = {**plain(found), "since_ms": who.now() - found.happened_at}
    return Response(msgspec.json.encode(body), media_type="application/json")


async def impact_of(who: Context, producer: str, recall: str, known_at: str | None = None) -> Impact:
    """Raises Problem: not-found where there is none that is or touches anything within the scope."""
    wanted, at = OfRecall(code_form(producer) or "", number_form(recall) or ""), ms_of(known_at, "known_at")
    found = await who.ask(lambda queries, scope: queries.impact(scope, wanted, at))
    if found is None:
        raise Problem("not-found")
    log_read(who, f"{wanted.producer_code}/{wanted.recall_no}")
    return found
