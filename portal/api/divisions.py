"""How divisions compare: listings, what is wrong with their chains, alerts that stand, hours until they are cleared."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from suyuan.portal.api.figures import told, with_age
from suyuan.portal.context import Context
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.paging import listed
from suyuan.portal.read_log import log_read
from suyuan.queries.answers import DivisionFigures, Divisions, plain
from suyuan.queries.paging import Paged

router = GuardedRouter(prefix="/api/v1", tags=["figures"])

COLUMNS = DivisionFigures.__struct_fields__
Prefix = Annotated[
    str | None,
    Query(pattern="^[0-9]{0,6}$", description="first digits of a division; without it the widest of one's scope"),
]


@router.get("/divisions", action="stats.read")
async def divisions(who: Who, prefix: Prefix = None) -> Response:
    """Of the divisions of the next level, the most serious first: 33 has cities, 3301 counties. A listing counts where
    it is sold (else where it was made), an alert where its bureau is. `whole`: the division itself; `as_of`: when the
    tables said so, at most 20 s ago.
    """
    found, at = await figures_of(who, prefix)
    answer = listed(who, Paged(found.parts, None, more=False), COLUMNS, whole=plain(found.whole), as_of=at)
    return with_age(answer, who, at)


async def figures_of(who: Context, prefix: str | None) -> tuple[Divisions, int]:
    """The figures, and when the tables said so, ms UTC. Raises Problem: not-found of a division that is not within the
    scope.
    """
    found, at = await told(who.portal.divisions, who, prefix)
    log_read(who, f"divisions {found.whole.division}".rstrip())
    return found, at
