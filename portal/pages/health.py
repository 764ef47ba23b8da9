"""Whether all is well, for the admin."""

from __future__ import annotations

import platform
from importlib import metadata

from fastapi import Response

from suyuan.portal.api.health import checks
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.pages.rendering import render

router = GuardedRouter()

PACKAGES = ("suyuan", "fastapi", "uvicorn", "chdb", "clickhouse-connect", "kafka-python", "polars")


@router.get("/health", action="health.read")
async def health(who: Who) -> Response:
    """What /readyz looks at, and what runs here."""
    found = await checks(who)
    versions = {"python": platform.python_version(), **{name: metadata.version(name) for name in PACKAGES}}
    return render(
        who,
        "health.html",
        checks=found,
        ready=all(check["ok"] for check in found.values()),
        troubles={"log": who.portal.access.trouble, "alerts": who.portal.feed.trouble},
        shape="cluster" if who.portal.settings.kafka else "embedded",
        now=who.now(),
        versions=versions,
    )
