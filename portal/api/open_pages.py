"""What anybody may read: the API's description, and what each type of problem means."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import Path, Request, Response

from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.problems import PREFIX, TYPES, Problem

router = GuardedRouter()


@router.get("/api/v1/openapi.json", action="open")
async def description(request: Request) -> Response:
    """OpenAPI."""
    return Response(msgspec.json.encode(request.app.openapi()), media_type="application/json")


@router.get(PREFIX + "{name}", action="open")
async def problem(name: Annotated[str, Path(max_length=50)]) -> Response:
    """What a type of problem means, and what to do."""
    if name not in TYPES:
        raise Problem("not-found")
    said = {"type": PREFIX + name, **msgspec.to_builtins(TYPES[name])}
    return Response(msgspec.json.encode(said), media_type="application/json")
