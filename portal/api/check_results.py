"""What spot checks have found, by stratum."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import Path, Response

from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.problems import Problem
from suyuan.portal.read_log import log_read

router = GuardedRouter(prefix="/api/v1", tags=["spot checks"])

CheckId = Annotated[str, Path(max_length=200)]


@router.get("/checks/{check_id}/results", action="order.list")
async def results(who: Who, check_id: CheckId) -> Response:
    """Of each stratum how many orders have a result, how many passed, how many have none yet or never will, and the
    pass rate of all that it was drawn from, weights undone, with its interval. Everybody is told of a check that is
    published, its bureau of any that is drawn.
    """
    found = await who.ask(lambda queries, scope: queries.check_results(scope, check_id))
    if not found:
        raise Problem("not-found")
    log_read(who, f"results of check {check_id}")
    return Response(msgspec.json.encode({"check_id": check_id, "strata": found}), media_type="application/json")
