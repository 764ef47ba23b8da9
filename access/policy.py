"""Who may do what: the one table of actions. Each route of the portal names one, and each is named by a route."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from suyuan.access.principal import Role

ADMIN, REGULATOR, INVESTIGATOR, PLATFORM, PUBLISHER = Role
ANYBODY = frozenset(Role)
"""who has any credential"""


class Action(msgspec.Struct, frozen=True):
    """`roles`: who may; None: everybody, without a credential. `object`: what it is done to, as logs call it. `csrf`:
    whether it changes something, so that a browser's session needs more than its cookie. `loopback`: whether who asks
    from this machine may without a credential.
    """

    roles: frozenset[Role] | None
    object: str | None = None
    csrf: bool = False
    loopback: bool = False


OPEN = Action(None)


def _of(*roles: Role, object: str | None = None, csrf: bool = False) -> Action:  # noqa: A002 -- the field's name
    return Action(frozenset(roles), object, csrf)


ACTIONS: Mapping[str, Action] = {
    "access.read": _of(ADMIN, object="grant"),
    "access.write": _of(ADMIN, object="grant", csrf=True),
    "alert.act": _of(REGULATOR, INVESTIGATOR, object="alert", csrf=True),
    "alert.list": _of(REGULATOR, INVESTIGATOR, PLATFORM, object="alert"),
    "alert.live": _of(REGULATOR, INVESTIGATOR, PLATFORM, object="alert"),
    "alert.read": _of(REGULATOR, INVESTIGATOR, PLATFORM, object="alert"),
    "audit.public": OPEN,
    "chain.list": _of(REGULATOR, INVESTIGATOR, PLATFORM, object="chain"),
    "chain.read": _of(REGULATOR, INVESTIGATOR, PLATFORM, object="chain"),
    "check.read": _of(REGULATOR, INVESTIGATOR, PLATFORM, PUBLISHER, object="spot check"),
    "check.act": _of(REGULATOR, object="spot check", csrf=True),
    "check.plan": _of(REGULATOR, object="spot check"),
    "check.public": OPEN,
    "dossier.read": _of(REGULATOR, INVESTIGATOR, object="dossier"),
    "feedback.read": _of(PLATFORM, object="listing"),
    "health.read": _of(ADMIN),
    "enter": Action(None, csrf=True),
    "leave": Action(ANYBODY, csrf=True),
    "event.read": _of(REGULATOR, INVESTIGATOR, PLATFORM, PUBLISHER, object="event"),
    "order.answer": _of(REGULATOR, PLATFORM, object="order", csrf=True),
    "order.list": _of(REGULATOR, INVESTIGATOR, PLATFORM, object="order"),
    "order.read": _of(REGULATOR, INVESTIGATOR, PLATFORM, object="order"),
    "metrics.read": Action(frozenset({ADMIN}), loopback=True),
    "open": OPEN,
    "search": _of(REGULATOR, INVESTIGATOR, PLATFORM, PUBLISHER, object="identifier"),
    "stats.read": _of(REGULATOR, INVESTIGATOR, object="figures"),
    "trace.read": _of(REGULATOR, INVESTIGATOR, PLATFORM, object="trace"),
    "rejection.list": _of(PLATFORM, PUBLISHER, object="dead letter"),
    "webhook.read": _of(ADMIN, REGULATOR, INVESTIGATOR, PLATFORM, object="webhook"),
    "webhook.manage": _of(ADMIN, object="webhook"),
    "webhook.administer": _of(ADMIN, object="webhook", csrf=True),
    "webhook.write": _of(ADMIN, REGULATOR, INVESTIGATOR, PLATFORM, object="webhook", csrf=True),
    "publish.read": _of(REGULATOR, PLATFORM, PUBLISHER, object="upload"),
    "publish": _of(REGULATOR, PLATFORM, PUBLISHER, csrf=True),
}
