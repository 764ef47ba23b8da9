"""Who has access: keys are given and taken by admins. A key is shown once, when it is made."""

from __future__ import annotations

import secrets
from typing import Annotated

import msgspec
from fastapi import Path, Response
from pydantic import BaseModel, ConfigDict, Field

from suyuan.access.events import Revoked
from suyuan.access.grants import plain_key
from suyuan.access.principal import Role
from suyuan.operations.access import MOST_DAYS, USUAL_DAYS, key_granted
from suyuan.operations.access import Wanted as Asked
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.problems import Problem

router = GuardedRouter(prefix="/api/v1", tags=["access"])


class Wanted(BaseModel):
    """A key to be made. `division`: first digits, "" for the country, of regulators and investigators; `code`: of
    platforms and publishers; `kinds`: of events that a publisher may publish.
    """

    model_config = ConfigDict(extra="forbid")

    role: Role
    name: str = Field(min_length=1, max_length=100)
    division: str | None = Field(default=None, max_length=6)
    code: str | None = Field(default=None, max_length=64)
    kinds: list[str] = Field(default=[], max_length=20)
    days: int = Field(default=USUAL_DAYS, ge=1, le=MOST_DAYS)


@router.get("/access", action="access.read")
async def grants(who: Who) -> Response:
    """Every key that was made, the newest first: whose it is, until when, whether it was revoked."""
    rows = [plain_key(key, revoked, who.now()) for key, revoked in (await who.portal.access.grants()).all_keys()]
    return Response(msgspec.json.encode({"rows": rows, "next": None}), media_type="application/json")


@router.post("/access", action="access.write", status_code=201)
async def grant(who: Who, wanted: Wanted) -> Response:
    """Make a key. The answer shows it, and nothing ever will again."""
    asked = Asked(wanted.role, wanted.name, wanted.division, wanted.code, tuple(wanted.kinds), wanted.days)
    key, made = key_granted(asked, who.principal.id, who.now(), secrets.token_bytes)
    await who.portal.access.append(made)
    body = msgspec.json.encode({**plain_key(made, None, who.now()), "key": str(key)})
    return Response(body, 201, {"Location": f"/api/v1/access/{key.id}"}, "application/json")


@router.delete("/access/{grant_id}", action="access.write", status_code=204)
async def revoke(who: Who, grant_id: Annotated[str, Path(max_length=64)]) -> Response:
    """A key is good no more, in no portal, within a tenth of a second. Doing it again does nothing."""
    if not (await who.portal.access.grants()).has(grant_id):
        raise Problem("not-found")
    await who.portal.access.append(Revoked(grant_id, who.now(), who.principal.id))
    return Response(status_code=204)
