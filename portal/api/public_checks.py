"""Public files of spot checks, which anybody may fetch: the named ones, and nothing else of the folder."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request, Response
from fastapi.responses import FileResponse

from suyuan.domain.checks.numbers import check_number
from suyuan.domain.checks.publication import FILES, FRAME, ORDERS
from suyuan.portal.api.checks import CheckId, folder_of
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.problems import Problem
from suyuan.queries.check_acts import check_of

router = GuardedRouter()

_TYPES = {".json": "application/json", ".py": "text/x-python; charset=utf-8"}
_TYPES_OF = {FRAME: "application/gzip", ORDERS: "application/x-ndjson"}


@router.get("/public/checks/{check_id}/{name}", action="check.public")
async def file(request: Request, who: Who, check_id: CheckId, name: Annotated[str, Path(max_length=40)]) -> Response:
    """A file of a published check. `ETag` is its SHA-256, as the act of publishing names it."""
    if name not in FILES or check_number(check_id) is None:
        raise Problem("not-found")
    found = await who.ask_for_anybody(lambda queries, scope: queries.public_check(scope, check_id))
    publish = None if found is None else check_of(found.acts).publish
    tag = next((f'"{each.sha256}"' for each in publish.files if each.name == name), None) if publish else None
    path = folder_of(who, check_id) / name
    if tag is None or not path.is_file():
        raise Problem("not-found")
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return FileResponse(path, headers=headers, media_type=_type(name), filename=name)


def _type(name: str) -> str:
    return _TYPES_OF.get(name) or _TYPES[name[name.rindex(".") :]]
