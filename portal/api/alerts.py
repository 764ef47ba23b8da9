"""Alerts as they stand, within the scope of whoever asks."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from fastapi import Query, Response

from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.paging import USUAL, After, Limit, listed, page_of
from suyuan.queries.answers import Alert
from suyuan.queries.api import AlertFilter

router = GuardedRouter(prefix="/api/v1", tags=["alerts"])

COLUMNS = tuple(field.encode_name for field in msgspec.structs.fields(Alert))

Code = Annotated[str | None, Query(max_length=64)]


@router.get("/alerts", action="alert.list")
async def alerts(
    who: Who,
    severity: Annotated[Literal["low", "medium", "high", "critical"] | None, Query()] = None,
    state: Annotated[Literal["raised", "cleared"] | None, Query()] = None,
    rule: Code = None,
    platform: Annotated[Code, Query(description="its code")] = None,
    listing: Annotated[str | None, Query(max_length=200)] = None,
    bureau: Annotated[str | None, Query(pattern="^[0-9]{1,6}$", description="first digits of the division")] = None,
    limit: Limit = USUAL,
    after: After = None,
) -> Response:
    """The newest first; what stands and what was cleared."""
    wanted = AlertFilter(severity, state, rule, platform, listing, bureau)
    page = page_of(who, limit, after)
    return listed(who, await who.ask(lambda queries, scope: queries.alerts(scope, wanted, page)), COLUMNS)
