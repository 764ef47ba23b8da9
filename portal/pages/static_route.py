"""Where browsers fetch files."""

from __future__ import annotations

from fastapi import Request, Response

from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.pages.static_files import STATIC

router = GuardedRouter()


@router.get("/static/{version}/{name:path}", action="open")
async def static(request: Request, version: str, name: str) -> Response:
    """See `StaticFiles.answer`."""
    return STATIC.answer(request, version, name)
