"""A platform's or producer's files: sent by a form, followed while they are published, their bad rows fetched."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Response
from fastapi.responses import RedirectResponse

from suyuan.portal.api import uploads as api
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.pages.rendering import render
from suyuan.portal.uploads.state import OVER, Stage
from suyuan.schemas.kinds import KINDS

router = GuardedRouter()

UploadId = Annotated[str, Path(max_length=64)]
_SHOWN = 20


@router.get("/uploads", action="publish.read")
async def uploads(who: Who) -> Response:
    """The form, and what was sent before."""
    found = await api.of_owner(who)
    kinds = [kind for kind in KINDS if kind in who.principal.kinds]
    return render(who, "uploads.html", kinds=kinds, rows=found[:_SHOWN], most=api.MOST_BYTES >> 30)


@router.post("/uploads", action="publish", max_body_size=api.MOST_BYTES)
async def send(who: Who) -> Response:
    """Take a file in, and lead to what becomes of it."""
    made = await api.receive(who, "upload", None, None)
    return RedirectResponse(f"/uploads/{made.id}", 303)


@router.get("/uploads/{upload}", action="publish.read")
async def one(who: Who, upload: UploadId) -> Response:
    """How far it is, and what came of it."""
    _, found = api.find(who, upload)
    return render(who, "upload.html", upload=found, over=found.stage in OVER, failed=found.stage is Stage.FAILED)


@router.get("/uploads/{upload}/progress", action="publish.read")
async def progress(who: Who, upload: UploadId) -> Response:
    """The part of that page that changes."""
    _, found = api.find(who, upload)
    return render(who, "upload_progress.html", upload=found, over=found.stage in OVER)
