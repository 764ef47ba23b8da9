"""Coming in and going out: by a link that is good once, or by a key, a browser gets a session."""

from __future__ import annotations

import secrets
from typing import Annotated

import msgspec
from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse

from suyuan.access.events import SessionsEnded
from suyuan.access.grants import Refused
from suyuan.access.keys import new_id
from suyuan.access.principal import Principal
from suyuan.portal.context import Context
from suyuan.portal.entry.guard import Who, refused
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.pages.rendering import render
from suyuan.portal.problems import Problem
from suyuan.portal.sessions import Sessions

router = GuardedRouter()

FORM_BYTES = 8 << 10


class Entering(msgspec.Struct):
    """What the page's script sends. `token`: of a link, or a key."""

    token: str
    to: str = "/"


@router.get("/enter", action="open")
async def form(who: Who, to: Annotated[str, Query(max_length=2_000)] = "/") -> Response:
    """Where links lead, and where a key may be given."""
    return render(who, "enter.html", to=ours(to), failed=False, oidc=who.portal.provider is not None)


@router.post("/enter", action="enter", max_body_size=FORM_BYTES)
async def enter(request: Request, who: Who) -> Response:
    """Begin a session: the answer sets its cookie, and says or leads where to go."""
    by_script = request.headers.get("content-type", "").startswith("application/json")
    given = await _given(request, by_script=by_script)
    try:
        principal = await _principal(who, given.token.strip())
    except Refused as error:
        refused(request, "enter", error.id or "-", error.why)
        if by_script:
            raise Problem("unauthorized") from None
        return render(
            who, "enter.html", status=401, to=ours(given.to), failed=True, oidc=who.portal.provider is not None
        )
    to = ours(given.to)
    answer = Response(msgspec.json.encode({"to": to}), media_type="application/json")
    if not by_script:
        answer = RedirectResponse(to, 303)
    begin(who, answer, principal)
    return answer


@router.post("/leave", action="leave", max_body_size=FORM_BYTES)
async def leave(request: Request, who: Who) -> Response:
    """End the session, in every portal; its cookie is good no more, whoever has it."""
    if who.principal.came == "session":
        await who.portal.access.append(SessionsEnded(who.now(), who.principal.id, session=who.principal.session))
    answer = RedirectResponse("/enter", 303)
    Sessions.clear(request, answer)
    return answer


def begin(who: Context, answer: Response, principal: Principal) -> None:
    """Give whoever asks a session of that principal."""
    sessions, now = who.portal.sessions, who.now()
    sessions.write(who.request, answer, sessions.begun(principal, new_id(secrets.token_bytes), now), now)


async def _given(request: Request, *, by_script: bool) -> Entering:
    if by_script:
        try:
            return msgspec.json.decode(await request.body(), type=Entering)
        except msgspec.DecodeError:
            raise Problem("bad-request") from None
    fields = await request.form()
    return Entering(str(fields.get("token", "")), str(fields.get("to", "/")))


async def _principal(who: Context, token: str) -> Principal:
    """Raises Refused."""
    access = who.portal.access
    try:
        return await access.use_link(token, who.now())
    except Refused as error:
        if error.why != "unknown":
            raise
    return (await access.grants()).by_key(token, who.now())


def ours(to: str) -> str:
    """A path of this portal, whatever was asked for: nobody is led elsewhere."""
    return to if to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable() else "/"
