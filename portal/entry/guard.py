"""The one place that reads credentials: who asks, and whether they may.

Whoever is refused learns no more than that; the log learns why, without a key and without a code.
"""

from __future__ import annotations

import logging
from typing import Annotated

from fastapi import Depends, Request

from suyuan.access.grants import Grants, Refused
from suyuan.access.policy import ACTIONS, Action
from suyuan.access.principal import Principal
from suyuan.connections.addresses import is_loopback
from suyuan.portal.context import Context, Portal
from suyuan.portal.entry.forgery import check_origin, check_token
from suyuan.portal.metrics import REFUSED
from suyuan.portal.problems import Problem
from suyuan.portal.sessions import cookie_name

logger = logging.getLogger(__name__)

_REALM = {"WWW-Authenticate": 'Bearer realm="suyuan"'}


async def admit(request: Request, name: str, action: Action) -> Context:
    """Whoever asks, where the action allows it. Raises Problem: unauthorized, forbidden, foreign-request."""
    portal: Portal = request.app.state.portal
    open_here = action.roles is None or (action.loopback and _comes_from_here(request))
    try:
        principal = await _principal(request, portal)
    except Refused as error:
        if not open_here:
            portal.rates.request(_address(request))
            refused(request, name, error.id or "-", error.why)
            raise Problem("unauthorized", headers=_REALM) from None
        principal = None
    portal.rates.request(_address(request) if principal is None else principal.id)
    if not open_here:
        if principal is None:
            refused(request, name, "-", "no credential")
            raise Problem("unauthorized", headers=_REALM)
        if action.roles is not None and principal.role not in action.roles:
            refused(request, name, principal.id, f"role {principal.role}")
            raise Problem("forbidden")
    if action.csrf and (principal is None or principal.came == "session"):
        await _check_forgery(request, portal, name, principal)
    return Context(request, portal, principal, name)


async def still_admitted(who: Context) -> str | None:
    """Why whoever was let in would not be let in now, for an answer that goes on: revoked, expired, and the like; None:
    they would. While the log of access cannot be read, who was in stays in, as with other requests.
    """
    try:
        principal = await _principal(who.request, who.portal)
    except Refused as error:
        refused(who.request, who.action, error.id or "-", error.why)
        return error.why
    roles = ACTIONS[who.action].roles
    if principal is None or principal.scope != who.scope or (roles is not None and principal.role not in roles):
        return "changed"
    return None


async def _principal(request: Request, portal: Portal) -> Principal | None:
    """By a key, else by a session; None: nothing was shown. Raises Refused."""
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, key = header.partition(" ")
        if scheme.lower() != "bearer":
            raise Refused("malformed")
        return (await portal.access.grants()).by_key(key.strip(), portal.now())
    if cookie_name(request) not in request.cookies:
        return None
    return _by_session(request, portal, await portal.access.grants())


def _by_session(request: Request, portal: Portal, grants: Grants) -> Principal:
    session = portal.sessions.read(request, portal.now())
    if session is None:
        raise Refused("expired")
    grants.check_session(session.id, session.subject, session.began)
    return session.principal


async def _check_forgery(request: Request, portal: Portal, name: str, principal: Principal | None) -> None:
    try:
        check_origin(request, portal.settings.portal_origin)
        if principal is not None:
            await check_token(request, portal.sessions.csrf(principal.session))
    except Problem as problem:
        refused(request, name, "-" if principal is None else principal.id, problem.name)
        raise


def _comes_from_here(request: Request) -> bool:
    """What a proxy that nobody has named hands on comes from elsewhere."""
    return is_loopback(_address(request)) and not {"x-forwarded-for", "forwarded"} & set(request.headers)


def _address(request: Request) -> str:
    return "" if request.client is None else request.client.host


def refused(request: Request, action: str, principal: str, why: str) -> None:
    """Tell the log."""
    REFUSED.labels(action).inc()
    logger.warning("refused: action=%s principal=%s reason=%s request=%s", action, principal, why, request.state.id)


def guard(request: Request) -> Context:
    """Whom the route has let in."""
    who: Context = request.state.who
    return who


Who = Annotated[Context, Depends(guard)]
"""of a handler's parameter: who asks"""
