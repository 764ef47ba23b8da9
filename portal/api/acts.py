"""What people do with alerts: acknowledge, assign, comment, resolve, reopen."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Header, Response
from pydantic import BaseModel, ConfigDict, Field

from suyuan.domain.alerts.acts import ID_CHARACTERS, ActName, Resolution
from suyuan.domain.alerts.notes import MOST_CHARACTERS, BadNote
from suyuan.operations.alerts.acting import MOST_ALERTS, Prepared, Refused, prepared, publish
from suyuan.operations.alerts.acting import Wanted as WantedOfAlerts
from suyuan.operations.alerts.outward import outward
from suyuan.portal.api.alerts import AlertId, current_of
from suyuan.portal.context import Context
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.moments import ms_of
from suyuan.portal.problems import Fault, Problem
from suyuan.portal.recent_acts import Current
from suyuan.queries.api import AlertFilter, Page
from suyuan.schemas.validation import InvalidEvent

router = GuardedRouter(prefix="/api/v1", tags=["alerts"])

IfMatch = Annotated[
    str | None, Header(max_length=200, description="`ETag` of the alert as it was read: 412 where it has changed since")
]
Named = Annotated[str, Field(min_length=1, max_length=200)]


class Wanted(BaseModel):
    """What is to be done. `note`: why, for people; a comment is nothing else. `until`: of acknowledge, at most 30 days
    ahead: ms, or ISO 8601; without it, it stands until somebody does something else. `assignee`: of assign, an account
    or the six digits of a bureau's division. `resolution`: of resolve. `takedown`: the offer is to be taken down, of
    what is resolved as confirmed.
    """

    model_config = ConfigDict(extra="forbid")

    act: ActName
    note: str | None = Field(default=None, max_length=MOST_CHARACTERS)
    until: int | str | None = None
    assignee: str | None = Field(default=None, max_length=ID_CHARACTERS)
    resolution: Resolution | None = None
    takedown: bool = False


class WantedOfSeveral(Wanted):
    """The same for several alerts, with one note. `etags`: by alert, as `If-Match` is for one."""

    alerts: list[Named] = Field(min_length=1, max_length=MOST_ALERTS)
    etags: dict[str, str] = {}


class Done(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of the wish for an alert. `act`: the event id of the act; `why`: it was not done: not-found, changed
    (somebody was quicker), role, bureau, state; `reason`: the same for people.
    """

    alert_id: str
    accepted: bool
    act: str | None = None
    outcome: str | None = None
    handling: str | None = None
    etag: str | None = None
    why: Literal["not-found", "changed", "role", "bureau", "state"] | None = None
    reason: str | None = None


@router.post("/alerts/acts", action="alert.act", status_code=202)
async def act_on_several(who: Who, wanted: WantedOfSeveral) -> Response:
    """Do the same with several alerts; the answer says of each whether it was done."""
    done = await act_on(who, wanted.alerts, wish_of(wanted), wanted.etags)
    counts = {"accepted": sum(each.accepted for each in done), "refused": sum(not each.accepted for each in done)}
    return Response(msgspec.json.encode({**counts, "results": done}), 202, media_type="application/json")


@router.post("/alerts/{alert}/acts", action="alert.act", status_code=202)
async def act_on_one(who: Who, alert: AlertId, wanted: Wanted | None = None, if_match: IfMatch = None) -> Response:
    """Do something with an alert. It is in the log when this is answered; whoever reads the alert here next is shown it
    so, everybody else when it has gone through the stream.
    """
    found = await current_of(who, alert)
    if wanted is None:
        raise Problem("invalid", errors=[Fault("is missing: say what is to be done", "/act")])
    done = await act_on_current(who, found, wish_of(wanted), if_match)
    headers = {"ETag": str(done.etag), "Location": f"/api/v1/alerts/{found.alert.alert_id}"}
    return Response(msgspec.json.encode(done), 202, headers, "application/json")


async def act_on_current(who: Context, found: Current, wish: WantedOfAlerts, tag: str | None) -> Done:
    """Do it with one. `tag`: of `If-Match`. Raises Problem for what is not done."""
    (done,) = await _act(who, [found], wish, {} if tag is None else {found.alert.alert_id: tag})
    _raise_refused(done)
    return done


def _raise_refused(done: Done) -> None:
    match done.why:
        case None:
            return
        case "changed":
            raise Problem("precondition-failed", done.reason)
        case "state":
            raise Problem("conflict", done.reason)
        case "not-found":
            raise Problem("not-found")
        case _:
            raise Problem("forbidden", done.reason)


def wish_of(wanted: Wanted) -> WantedOfAlerts:
    """As it is made into acts. Raises Problem, invalid."""
    until = ms_of(None if wanted.until is None else str(wanted.until), "until")
    return WantedOfAlerts(
        act=wanted.act,
        note=wanted.note or None,
        until=until,
        assignee=wanted.assignee or None,
        resolution=wanted.resolution,
        takedown=wanted.takedown,
    )


async def act_on(who: Context, alerts: Sequence[str], wish: WantedOfAlerts, tags: Mapping[str, str]) -> list[Done]:
    """Do it with each that the scope shows; of each what became of it, in their order. Raises Problem, SuyuanError."""
    ids = tuple(dict.fromkeys(alerts))
    wanted, page = AlertFilter(alert_id=ids), Page(MOST_ALERTS)
    rows = (await who.ask(lambda queries, scope: queries.alerts(scope, wanted, page))).rows
    found: dict[str, Current] = {}
    for row in rows:
        latest = who.portal.feed.latest(row.alert_id, who.scope) if len(ids) == 1 else None
        newer = latest if latest is not None and latest.sequence > row.sequence else outward(row)
        found[row.alert_id] = who.portal.acts.current(who.scope, newer, who.now(), row.newest_listed_at)
    there = [found[alert_id] for alert_id in ids if alert_id in found]
    done = {each.alert_id: each for each in await _act(who, there, wish, tags)}
    absent = "there is none, or not within your scope"
    return [done.get(alert_id) or Done(alert_id, accepted=False, why="not-found", reason=absent) for alert_id in ids]


async def _act(who: Context, found: Sequence[Current], wish: WantedOfAlerts, tags: Mapping[str, str]) -> list[Done]:
    """`tags`: of those that must not have changed. From the look at them on until the acts are remembered nothing else
    runs in the loop: of two who look at the same, the second is told.
    """
    now, recent = who.now(), who.portal.acts
    current = {each.alert.alert_id: each for each in found}
    changed = {
        alert_id: each for alert_id, each in current.items() if alert_id in tags and not _matches(each, tags[alert_id])
    }
    seen = [each.seen for alert_id, each in current.items() if alert_id not in changed]
    what = _prepared(who, seen, wish, now)
    text = None if what.note is None else what.note.text
    recent.add(what.doing, text)
    try:
        await who.portal.ports.publish(lambda outlet: publish(outlet, what))
    except BaseException:
        recent.forget(what.doing)
        raise
    doing = {each.act.alert_id: each for each in what.doing}
    refused = {each.alert_id: each for each in what.refused}
    done: list[Done] = []
    for alert_id, each in current.items():
        if alert_id in doing:
            made = doing[alert_id]
            tag = f'"{each.alert.sequence}.{made.act.event_id}"'
            done.append(
                Done(
                    alert_id,
                    accepted=True,
                    act=made.act.event_id,
                    outcome=made.outcome,
                    handling=made.after.handling,
                    etag=tag,
                )
            )
        else:
            done.append(_not_done(alert_id, refused.get(alert_id)))
    return done


def _matches(current: Current, given: str) -> bool:
    """As `If-Match` is read: any of several tags."""
    tags = [each.strip().removeprefix("W/").strip('"') for each in given.split(",")]
    return "*" in tags or any(current.is_called(tag) for tag in tags)


def _not_done(alert_id: str, refused: Refused | None) -> Done:
    if refused is None:
        return Done(alert_id, accepted=False, why="changed", reason="somebody was quicker: read it again")
    return Done(alert_id, accepted=False, why=refused.why, reason=refused.reason)


def _prepared(who: Context, seen: Sequence[Any], wish: WantedOfAlerts, now: int) -> Prepared:
    """Raises Problem, invalid, that names the field."""
    try:
        return prepared(who.principal, seen, wish, now=now, chance=secrets.token_bytes)
    except InvalidEvent as error:
        field = {"note_id": "note", "until": "until"}.get(error.field, error.field)
        raise Problem("invalid", errors=[Fault(error.reason, f"/{field}")]) from None
    except BadNote as error:
        raise Problem("invalid", errors=[Fault(str(error), "/note")]) from None
