"""Alerts as they come, as server-sent events."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Query, Response

from suyuan.operations.alerts.cursor import MOST_CHARACTERS
from suyuan.portal.api.alerts import Wanted
from suyuan.portal.entry.guard import Who, still_admitted
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.live.response import LiveResponse
from suyuan.portal.read_log import log_read

router = GuardedRouter(prefix="/api/v1", tags=["alerts"])

Place = Annotated[
    str | None, Query(max_length=MOST_CHARACTERS, description="`id` of an event: what came behind it; else from now on")
]
LastEventId = Annotated[str | None, Header(max_length=MOST_CHARACTERS, description="as `after`, and goes before it")]
Seconds = Annotated[
    float | None, Query(ge=0, le=86_400, description="ends then, after what was missed; else it does not end")
]


@router.get("/alerts/live", action="alert.live")
async def live(
    who: Who, wanted: Wanted, after: Place = None, last_event_id: LastEventId = None, seconds: Seconds = None
) -> Response:
    """Each change of an alert as an event `alert`; its data is as of a list. The last of what is written at once has an
    `id`, by which another stream goes on: what was cut off is told again, so drop what you know by `alert_id` and
    `sequence`. Others: `reset` (more was missed than is told again: read the list; the latest, which it may not have
    yet, come behind), `burst` (so many at once that those below high are only counted, by rule), `bye` (it ends, and
    why: `restart` and `time` are no reason to stay away).
    """
    log_read(who, "alerts live")
    feed = who.portal.feed
    subscriber = await feed.subscribe(who.principal.id, who.scope, wanted, who.request.state.abort)
    return LiveResponse(feed, subscriber, last_event_id or after or None, lambda: still_admitted(who), seconds)
