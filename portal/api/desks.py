"""The alert budget: what comes to each desk in a day, what waits there, and how many people work it off."""

from __future__ import annotations

from fastapi import Response

from suyuan.portal.api.divisions import Prefix
from suyuan.portal.api.figures import told, with_age
from suyuan.portal.context import Context
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.paging import listed
from suyuan.portal.read_log import log_read
from suyuan.queries.answers import AlertBudget, DeskLoad
from suyuan.queries.paging import Paged

router = GuardedRouter(prefix="/api/v1", tags=["figures"])

COLUMNS = DeskLoad.__struct_fields__


@router.get("/desks", action="stats.read")
async def desks(who: Who, prefix: Prefix = None) -> Response:
    """The desks of one's scope at which an alert waits, or to which one came today (in China) or in the seven days
    before, those over the budget first. `open`: alerts that stand and are not resolved, nor acknowledged until later;
    `raised`, `handled`: by day, seven days and then today; `raised_a_day`: the mean of the seven; what is per officer
    is null where the bureau's record does not say how many there are; `rules`: the three that brought most. `budget`:
    alerts that may come to a desk in a day; `as_of`: when the tables said so, at most 20 s ago.
    """
    found, at = await desks_of(who, prefix)
    answer = listed(who, Paged(found.desks, None, more=False), COLUMNS, day=found.day, budget=found.budget, as_of=at)
    return with_age(answer, who, at)


async def desks_of(who: Context, prefix: str | None) -> tuple[AlertBudget, int]:
    """The figures, and when the tables said so, ms UTC. Raises Problem: not-found of a prefix that is not within the
    scope.
    """
    found, at = await told(who.portal.desks, who, prefix)
    log_read(who, f"desks {prefix or ''}".rstrip())
    return found, at
