"""Who may say what of an order that they see.

| answer                                   | who                                                               |
|------------------------------------------|-------------------------------------------------------------------|
| bought, delivered, unpacked, told        | a regulator in whose division the check's bureau is               |
| accepted, refused, gone, removed         | the same; and the platform that it is about                       |
| objected                                 | the same for each party; and the platform for itself              |

Whether somebody sees the order is not asked here: it is read through their scope first.
"""

from __future__ import annotations

from suyuan.access.alert_acts import Denied
from suyuan.access.principal import Principal, Role

_OF_PLATFORMS = frozenset({"accepted", "refused", "gone", "removed"})


def may_answer(
    principal: Principal, answer: str, party: str | None, *, bureau: str, platform_code: str
) -> Denied | None:
    """Why somebody may not say that of an order; None: they may. `bureau`, `platform_code`: of the order."""
    if principal.role == Role.REGULATOR:
        if principal.scope.is_everything or any(bureau.startswith(prefix) for prefix in principal.scope.divisions):
            return None
        return Denied("bureau", f"the order is of the bureau of {bureau}, which is not within {principal.scope}")
    if principal.role == Role.PLATFORM and platform_code in principal.scope.platforms:
        if answer in _OF_PLATFORMS or (answer == "objected" and party == "platform"):
            return None
        if answer == "objected":
            return Denied("role", "a platform objects for itself: others do so at the bureau")
    return Denied("role", f"{answer} is not for the role {principal.role}")
