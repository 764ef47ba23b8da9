"""Who may do what with an alert that they see.

| act                                 | who                                                                          |
|-------------------------------------|------------------------------------------------------------------------------|
| acknowledge, unacknowledge, assign  | a regulator in whose division the alert's bureau is                          |
| resolve, reopen                     | the same; and a regulator to whom it is assigned, by account or division     |
| comment                             | every regulator and investigator                                             |

A supervisor is a regulator of a shorter prefix: the city's acts on its counties' alerts, the nation's on all. Whether
somebody sees the alert is not asked here: it is read through their scope first.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple, Protocol

from suyuan.access.principal import Principal, Role

_DIVISION = re.compile("[0-9]{6}")
_COMMENTING = frozenset({Role.REGULATOR, Role.INVESTIGATOR})
_OF_ASSIGNEES = frozenset({"resolve", "reopen"})


class InCharge(Protocol):
    """Whose an alert is."""

    @property
    def bureau(self) -> str | None:
        """Division of the bureau in charge; None: it is nobody's, so the whole country's."""

    @property
    def assignee(self) -> str | None:
        """To whom it is assigned: an account, or the division of a bureau; None: nobody."""


class Denied(NamedTuple):
    """Why somebody may not. `why`: their role never may; it is another bureau's. `reason`: for people."""

    why: Literal["role", "bureau"]
    reason: str


def may_act(principal: Principal, act: str, alert: InCharge) -> Denied | None:
    """Why somebody may not do that with an alert; None: they may."""
    if act == "comment":
        return None if principal.role in _COMMENTING else _not_by(principal, act)
    if principal.role != Role.REGULATOR:
        return _not_by(principal, act)
    if _covers(principal, alert.bureau) or (act in _OF_ASSIGNEES and _is_assignee(principal, alert.assignee)):
        return None
    whose = f"the bureau of {alert.bureau}" if alert.bureau else "no bureau of a division"
    return Denied("bureau", f"the alert is with {whose}, which is not within {principal.scope}")


def names_of(principal: Principal) -> tuple[str, ...]:
    """To whom an alert is assigned that is theirs: their account, and the bureau of each division that is theirs."""
    if principal.role != Role.REGULATOR:
        return (principal.id,)
    return (principal.id, *(prefix.ljust(6, "0") for prefix in principal.scope.divisions if prefix))


def _not_by(principal: Principal, act: str) -> Denied:
    return Denied("role", f"{act} is not for the role {principal.role}")


def _covers(principal: Principal, division: str | None) -> bool:
    return any((division or "").startswith(prefix) for prefix in principal.scope.divisions)


def _is_assignee(principal: Principal, assignee: str | None) -> bool:
    if assignee is None:
        return False
    return assignee == principal.id or (_DIVISION.fullmatch(assignee) is not None and _covers(principal, assignee))
