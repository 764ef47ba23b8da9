"""Who asks: a role, what is within its sight, and until when."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from suyuan.access.scope import Division, Platform, Publisher, Scope
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.schemas.kinds import EVENT_KINDS, KINDS


class Role(StrEnum):
    """What somebody is to the system; which actions that allows is told by `policy.ACTIONS`."""

    ADMIN = "admin"
    """gives and takes access; sees no chains and no alerts"""
    REGULATOR = "regulator"
    """of a division"""
    INVESTIGATOR = "investigator"
    """of a division, mostly the whole country"""
    PLATFORM = "platform"
    """publishes its own listings, and sees what became of them"""
    PUBLISHER = "publisher"
    """publishes records of its own"""


OF_DIVISIONS = frozenset({Role.REGULATOR, Role.INVESTIGATOR})
"""roles whose scope is a division"""
WITH_CODES = frozenset({Role.PLATFORM, Role.PUBLISHER})
"""roles whose scope is what a credit code stands for"""

Came = Literal["key", "session"]


class Principal(msgspec.Struct, frozen=True):
    """Somebody whose credential was good when it was looked at.

    `id`: of the grant or of the person, as it stands in logs; `scope`: what may be seen; `kinds`: of events that may be
    published; `came`: by a key, or by a session of a browser, whose id `session` then is; `not_after`: ms UTC.
    """

    id: str
    role: Role
    name: str
    scope: Scope
    kinds: tuple[str, ...]
    came: Came
    not_after: int
    session: str = ""

    @property
    def code(self) -> str | None:
        """The credit code that a platform or publisher is bound to."""
        return next(iter((*self.scope.platforms, *self.scope.publishers)), None)


def scope_of(role: Role, division: str | None = None, code: str | None = None) -> Scope:
    """What a role may see. `division`: digits of one, "" for the country, of OF_DIVISIONS alone; `code`: of WITH_CODES
    alone. Raises SuyuanError, USAGE, where the role needs what is not given, or has no use for what is.
    """
    if (division is not None) != (role in OF_DIVISIONS):
        raise SuyuanError(
            f"{_a(role)} needs a division: its first digits, or an empty one for the whole country"
            if division is None
            else f"{_a(role)} has no division",
            ErrorKind.USAGE,
        )
    if bool(code) != (role in WITH_CODES):
        raise SuyuanError(f"{_a(role)} has no code" if code else f"{_a(role)} needs its credit code", ErrorKind.USAGE)
    match role:
        case Role.REGULATOR | Role.INVESTIGATOR:
            return Scope((Division(division or ""),))
        case Role.PLATFORM:
            return Scope((Platform(code or ""),))
        case Role.PUBLISHER:
            return Scope((Publisher(code or ""),))
        case Role.ADMIN:
            return Scope(())


GRANTABLE = tuple(kind for kind in KINDS if kind != "listing" and not EVENT_KINDS[kind].of_system)
"""kinds that a publisher may be given"""
REGULATOR_KINDS = ("recall", "inspection", "penalty", "complaint", "bureau")
"""what an authority publishes"""


def kinds_of(role: Role, kinds: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The kinds of events that a role may publish. `kinds`: those that a publisher was given. Raises SuyuanError."""
    if role != Role.PUBLISHER:
        if kinds:
            raise SuyuanError(f"kinds are given to a publisher, not to {_a(role)}", ErrorKind.USAGE)
        return {Role.PLATFORM: ("listing",), Role.REGULATOR: REGULATOR_KINDS}.get(role, ())
    if not kinds:
        raise SuyuanError("a publisher needs the kinds of events that it may publish", ErrorKind.USAGE)
    for kind in kinds:
        if kind not in GRANTABLE:
            raise SuyuanError(f"{kind!r} is no kind of events that a publisher may publish", ErrorKind.USAGE)
    return tuple(kind for kind in KINDS if kind in kinds)


def _a(role: Role) -> str:
    return f"{'an' if role[0] in 'ai' else 'a'} {role}"
