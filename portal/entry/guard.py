"""The one place that reads credentials: who asks, and whether they may.

Whoever is refused learns no more than that; the log learns why, without a key and without a code.
"""

from __future__ import annotations

import logging
from typing import Annotated

from fastapi import Depends, Request

from suyuan.access.grants import Refused
from suyuan.access.policy import Action
from suyuan.access.principal import Principal
from suyuan.connections.addresses import is_loopback
from suyuan.portal.context import Context, Portal
from suyuan.portal.metrics import REFUSED
from suyuan.portal.problems import Problem

logger = logging.getLogger(__name__)

_REALM = {"WWW-Authenticate": 'Bearer realm="suyuan"'}


async def admit(request: Request, name: str, action: Action) -> Context:
    """Whoever asks, where the action allows it. Raises Problem: unauthorized, forbidden."""
    portal: Portal = request.app.state.portal
    open_here = action.roles is None or (action.loopback and _comes_from_here(request))
    principal = await _principal(request, portal, name, needed=not open_here)
    if principal is not None and action.roles is not None and not open_here and principal.role not in action.roles:
        _refuse(request, name, principal.id, f"role {principal.role}")
        raise Problem("forbidden")
    return Context(request, portal, principal)


async def _principal(request: Request, portal: Portal, name: str, *, needed: bool) -> Principal | None:
    header = request.headers.get("authorization")
    if header is None:
        if not needed:
            return None
        _refuse(request, name, "-", "no credential")
        raise Problem("unauthorized", headers=_REALM)
    grants = await portal.access.grants()
    scheme, _, key = header.partition(" ")
    try:
        if scheme.lower() != "bearer":
            raise Refused("malformed")  # noqa: TRY301 -- refused as the others are
        return grants.by_key(key.strip(), portal.now())
    except Refused as refused:
        _refuse(request, name, refused.id or "-", refused.why)
        raise Problem("unauthorized", headers=_REALM) from None


def _comes_from_here(request: Request) -> bool:
    return request.client is not None and is_loopback(request.client.host)


def _refuse(request: Request, action: str, principal: str, why: str) -> None:
    REFUSED.labels(action).inc()
    logger.warning("refused: action=%s principal=%s reason=%s request=%s", action, principal, why, request.state.id)


def guard(request: Request) -> Context:
    """Whom the route has let in."""
    who: Context = request.state.who
    return who


Who = Annotated[Context, Depends(guard)]
"""of a handler's parameter: who asks"""
