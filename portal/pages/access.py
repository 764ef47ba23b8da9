"""Who has access: the keys, and a form for a new one."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import Form, Path, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from suyuan.access.principal import GRANTABLE, OF_DIVISIONS, WITH_CODES, Role
from suyuan.errors import SuyuanError
from suyuan.operations.access import MOST_DAYS, USUAL_DAYS
from suyuan.portal.api import access as api
from suyuan.portal.api.webhooks import OWNERS
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.pages.rendering import render

router = GuardedRouter()

Text = Annotated[str, Form(max_length=200)]
_MOST_OVER = 100
"""keys that are good no more, as the page lists them"""


@router.get("/access", action="access.read")
async def access(who: Who) -> Response:
    """Every key that was made, without its secret."""
    return await _page(who)


@router.post("/access", action="access.write")
async def grant(
    who: Who,
    role: Annotated[Role, Form()],
    name: Text,
    division: Text = "",
    code: Text = "",
    kinds: Annotated[list[str], Form(max_length=20)] = [],  # noqa: B006 -- FastAPI copies it
    days: Text = str(USUAL_DAYS),
) -> Response:
    """Make a key, and show it once; what makes no sense is said above the form."""
    given = {"role": role, "name": name, "division": division, "code": code, "kinds": kinds, "days": days}
    try:
        made = await api.grant(
            who,
            api.Wanted(
                role=role,
                name=name.strip(),
                division=division.strip() if role in OF_DIVISIONS else None,
                code=code.strip().upper() if role in WITH_CODES else None,
                kinds=kinds if role == Role.PUBLISHER else [],
                days=int(days) if days.isascii() and days.isdigit() else 0,
            ),
        )
    except ValidationError as error:
        first = error.errors()[0]
        return await _page(who, status=400, wrong=f"{'.'.join(map(str, first['loc']))}: {first['msg']}", given=given)
    except SuyuanError as error:
        return await _page(who, status=400, wrong=str(error), given=given)
    return await _page(who, made=msgspec.json.decode(bytes(made.body)))


@router.post("/access/{grant_id}/revoke", action="access.write")
async def revoke(who: Who, grant_id: Annotated[str, Path(max_length=64)]) -> Response:
    """The key is good no more."""
    await api.revoke(who, grant_id)
    return RedirectResponse(f"/access?revoked={grant_id}#list", 303)


async def _page(
    who: Who,
    *,
    status: int = 200,
    made: dict[str, Any] | None = None,
    wrong: str = "",
    given: dict[str, Any] | None = None,
) -> Response:
    listed = msgspec.json.decode(bytes((await api.grants(who)).body))
    return render(
        who,
        "access.html",
        status=status,
        keys=listed["rows"],
        made=made,
        wrong=wrong,
        given=given or {},
        roles=list(Role),
        of_divisions=OF_DIVISIONS,
        with_webhooks=OWNERS,
        kinds=GRANTABLE,
        usual_days=USUAL_DAYS,
        most_days=MOST_DAYS,
        most_over=_MOST_OVER,
        revoked=who.request.query_params.get("revoked", ""),
    )
