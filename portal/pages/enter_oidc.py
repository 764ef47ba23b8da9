"""Coming in by an identity provider: a browser is sent there, and comes back with a code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse
from itsdangerous import BadSignature

from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.pages.enter import begin, ours
from suyuan.portal.problems import Problem

if TYPE_CHECKING:
    from suyuan.portal.oidc import Provider

router = GuardedRouter()

COOKIE = "suyuan-oidc"


@router.get("/enter/oidc", action="open")
async def away(who: Who, to: Annotated[str, Query(max_length=2_000)] = "/") -> Response:
    """Send the browser to the provider."""
    url, sent = await _provider(who).address(ours(to))
    answer = RedirectResponse(url, 303)
    value = who.portal.sessions.sealed("oidc", msgspec.to_builtins(sent))
    answer.set_cookie(COOKIE, value, max_age=600, **_attributes(who.request))
    return answer


@router.get("/enter/callback", action="open")
async def back(
    who: Who,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4_000)] = "",
) -> Response:
    """Begin a session for whom the provider vouches for, where this browser was sent there by us."""
    provider = _provider(who)
    from suyuan.portal.oidc import Sent  # noqa: PLC0415 -- an extra, which is there where there is a provider

    try:
        sent = msgspec.convert(who.portal.sessions.opened("oidc", who.request.cookies.get(COOKIE, "")), Sent)
    except (BadSignature, msgspec.ValidationError):
        raise Problem("foreign-request") from None
    if not code or state != sent.state or who.now() >= sent.until:
        raise Problem("foreign-request")
    answer = RedirectResponse(sent.to, 303)
    begin(who, answer, await provider.principal(sent, code))
    answer.delete_cookie(COOKIE, **_attributes(who.request))
    return answer


def _provider(who: Who) -> Provider:
    provider = who.portal.provider
    if provider is None:
        raise Problem("not-found")
    return provider


def _attributes(request: Request) -> dict[str, Any]:
    return {"secure": request.url.scheme == "https", "httponly": True, "samesite": "lax", "path": "/enter"}
