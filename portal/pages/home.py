"""The first page, and the page of keys and terms."""

from __future__ import annotations

from fastapi import Response

from suyuan.domain.chain.gaps import GAPS
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.pages.rendering import render

router = GuardedRouter()


@router.get("/", action="open")
async def home(who: Who) -> Response:
    """What somebody of that role can do here; whoever has not entered is told how to."""
    return render(who, "home.html")


@router.get("/help", action="open")
async def helps(who: Who) -> Response:
    """Keys, verdicts, gaps."""
    return render(who, "help.html", gaps=GAPS)
