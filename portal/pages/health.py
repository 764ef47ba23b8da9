"""Whether all is well, for the admin."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import Any

from fastapi import Response

from suyuan.portal.api.health import LOG_SECONDS, checks
from suyuan.portal.context import Context
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.pages.rendering import render

router = GuardedRouter()

PACKAGES = ("suyuan", "fastapi", "uvicorn", "chdb", "clickhouse-connect", "kafka-python", "polars")


@router.get("/health", action="health.read")
async def health(who: Who) -> Response:
    """What /readyz looks at, whether it is known which webhooks there are, and what runs here."""
    found = await checks(who)
    versions = {"python": platform.python_version(), **{name: metadata.version(name) for name in PACKAGES}}
    return render(
        who,
        "health.html",
        checks=found | {"webhooks": _webhooks(who)},
        ready=all(check["ok"] for check in found.values()),
        troubles={
            "log": who.portal.access.trouble,
            "alerts": who.portal.feed.trouble,
            "webhooks": who.portal.subscriptions.trouble,
        },
        shape="cluster" if who.portal.settings.kafka else "embedded",
        now=who.now(),
        versions=versions,
    )


def _webhooks(who: Context) -> dict[str, Any]:
    """Whether it is known which there are: a portal is ready without that."""
    age = who.portal.subscriptions.age
    return {"ok": age is not None and age <= LOG_SECONDS, "behind_seconds": None if age is None else round(age, 3)}
