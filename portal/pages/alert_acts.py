"""Forms by which people act on alerts: on one from its page, on those that are ticked in the list."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Form, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field, ValidationError

from suyuan.domain.alerts.acts import ACTS, ID_CHARACTERS, RESOLUTIONS
from suyuan.domain.alerts.notes import MOST_CHARACTERS
from suyuan.operations.alerts.acting import MOST_ALERTS
from suyuan.portal.api.acts import Wanted, act_on, act_on_current, wish_of
from suyuan.portal.api.alerts import AlertId, current_of
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.pages.addresses import alert_address
from suyuan.portal.pages.alerts import alert_page
from suyuan.portal.pages.rendering import render, with_query
from suyuan.portal.problems import Problem

router = GuardedRouter()

HOUR_MS = 3_600_000
_TOLD = {"conflict", "precondition-failed", "forbidden", "invalid"}
"""problems that the page itself says"""

Line = Annotated[str, Field(max_length=ID_CHARACTERS)]


class Given(BaseModel):
    """The form as it was filled in. `hours`: that an acknowledgement is for; empty: until somebody takes it back. Of
    what is filled in counts what belongs to the act: the bar of the list has fields of several.
    """

    act: Line = ""
    note: Annotated[str, Field(max_length=2 * MOST_CHARACTERS)] = ""
    hours: Line = ""
    assignee: Line = ""
    resolution: Line = ""
    takedown: Line = ""
    etag: Line = ""

    def wanted(self, now: int) -> Wanted:
        """As the API is asked for it. Raises Problem, invalid, ValidationError."""
        until, hours = None, self.hours if self.act == "acknowledge" else ""
        if hours:
            if not (hours.isascii() and hours.isdecimal() and len(hours) <= 4):
                raise Problem("invalid", f"{hours} is no number of hours")
            until = now + int(hours) * HOUR_MS
        return Wanted.model_validate(
            {
                "act": self.act,
                "note": self.note.replace("\r\n", "\n").strip() or None,
                "until": until,
                "assignee": self.assignee.strip() or None if self.act == "assign" else None,
                "resolution": self.resolution or None if self.act == "resolve" else None,
                "takedown": self.act == "resolve" and self.resolution == "confirmed" and bool(self.takedown),
            }
        )


class GivenOfSeveral(Given):
    """The bar of the list. `alert`: those that are ticked; `back`: where the list was."""

    alert: Annotated[list[Line], Field(max_length=MOST_ALERTS)] = []
    back: Annotated[str, Field(max_length=4_000)] = ""


@router.post("/alerts/acts", action="alert.act", max_body_size=256 << 10)
async def act_on_several(who: Who, given: Annotated[GivenOfSeveral, Form()]) -> Response:
    """Do the same with each, with one note. Where it was not done with some, a page says with which, and why."""
    back = _back(given.back)
    if not given.alert:
        return RedirectResponse(with_query(back, done="none"), 303)
    try:
        done = await act_on(who, given.alert, wish_of(given.wanted(who.now())), {})
    except (Problem, ValidationError) as error:
        return render(who, "alerts_done.html", status=400, done=[], wrong=_why(error), act="", back=back)
    if all(each.accepted for each in done):
        return RedirectResponse(with_query(back, done=given.act, n=len(done)), 303)
    return render(who, "alerts_done.html", done=done, wrong="", act=given.act, back=back, alert_address=alert_address)


@router.post("/alerts/{alert}/acts", action="alert.act")
async def act_on_one(who: Who, alert: AlertId, given: Annotated[Given, Form()]) -> Response:
    """Do something with one. What makes no sense, or came too late, is said on its page."""
    found = await current_of(who, alert)
    try:
        await act_on_current(who, found, wish_of(given.wanted(who.now())), given.etag or None)
    except (Problem, ValidationError) as error:
        if isinstance(error, Problem) and error.name not in _TOLD:
            raise
        status = error.status if isinstance(error, Problem) else 422
        return await alert_page(who, found, status=status, wrong=_why(error), given=given.model_dump())
    return RedirectResponse(f"{alert_address(found.alert.alert_id)}?done={given.act}", 303)


def _why(error: Problem | ValidationError) -> str:
    if isinstance(error, Problem):
        return error.errors[0].detail if error.errors else error.detail or error.type.title
    field = str(error.errors()[0]["loc"][0]) if error.errors()[0]["loc"] else ""
    values = {"act": ACTS, "resolution": RESOLUTIONS}.get(field)
    return f"{field}: {', '.join(values)}" if values else f"{field} makes no sense"


def _back(text: str) -> str:
    """A list of ours, without what was said there."""
    parts = urlsplit(text)
    ours = not parts.scheme and not parts.netloc and parts.path == "/alerts"
    return with_query(f"/alerts?{parts.query}", done=None, n=None, lang=None) if ours else "/alerts"
