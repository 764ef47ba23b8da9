"""What somebody who has come in may publish."""

from __future__ import annotations

from suyuan.access.principal import Principal, Role
from suyuan.publishing.ownership import NOTHING, Right, platform_right, publisher_right, regulator_right


def right_of(principal: Principal) -> Right:
    """By role, code and division; of whoever publishes nothing, NOTHING."""
    code = principal.code or ""
    match principal.role:
        case Role.PLATFORM:
            return platform_right(code)
        case Role.PUBLISHER:
            return publisher_right(code, frozenset(principal.kinds))
        case Role.REGULATOR:
            return regulator_right(principal.scope.divisions)
    return NOTHING


def usual_kind(principal: Principal) -> str | None:
    """The kind of records that do not name theirs, where there is only one that may be published."""
    return principal.kinds[0] if len(principal.kinds) == 1 else None
