"""What was taken into the log and refused there: the dead letters that name whoever asks as their publisher."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import Query, Response

from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.paging import USUAL, After, Limit, listed, page_of
from suyuan.portal.read_log import log_read
from suyuan.queries.answers import DeadLetter
from suyuan.queries.api import DeadLetterFilter

router = GuardedRouter(prefix="/api/v1", tags=["publishing"])

COLUMNS = tuple(field.encode_name for field in msgspec.structs.fields(DeadLetter))


@router.get("/rejections", action="rejection.list")
async def rejections(
    who: Who,
    reason: Annotated[str | None, Query(max_length=200, description="a part of field and reason")] = None,
    since: Annotated[int | None, Query(ge=0, le=1 << 53, description="ms UTC")] = None,
    limit: Limit = USUAL,
    after: After = None,
) -> Response:
    """The newest first. What was refused when it was sent had its verdict then, and is not here."""
    wanted = DeadLetterFilter(reason=reason, since=since)
    page = page_of(who, limit, after)
    found = await who.ask(lambda queries, scope: queries.dead_letters(scope, wanted, page))
    log_read(who, "rejections")
    return listed(who, found, COLUMNS)
