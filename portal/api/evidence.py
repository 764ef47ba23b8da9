"""The events that chains, gaps and alerts cite."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import Query, Response

from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.read_log import log_read
from suyuan.queries.answers import plain
from suyuan.queries.sql.evidence import MOST_IDS

router = GuardedRouter(prefix="/api/v1", tags=["chains"])


@router.get("/evidence", action="chain.read")
async def evidence(
    who: Who,
    ids: Annotated[list[str], Query(min_length=1, max_length=MOST_IDS, description="evidence ids, each of its own")],
) -> Response:
    """Every version of these events that is within the scope; ids of others are left out."""
    found = await who.ask(lambda queries, scope: queries.events(scope, ids))
    log_read(who, " ".join(event.evidence for event in found))
    return Response(msgspec.json.encode({"rows": [plain(event) for event in found]}), media_type="application/json")
