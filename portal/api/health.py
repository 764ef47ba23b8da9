"""Whether the portal lives, whether it can answer, what it counts."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec
from fastapi import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from suyuan.access.scope import EVERYTHING
from suyuan.errors import SuyuanError
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter

router = GuardedRouter()

TABLES_SECONDS = 2.0
LOG_SECONDS = 5.0


@router.get("/livez", action="open")
async def live() -> Response:
    """The process answers."""
    return Response("ok\n", media_type="text/plain")


@router.get("/readyz", action="open")
async def ready(who: Who) -> Response:
    """Whether the log is read, alerts are followed and the tables answer; each with how far behind or how
    long it took, in seconds.
    """
    found = await checks(who)
    good = all(check["ok"] for check in found.values())
    body = msgspec.json.encode({"ready": good, "checks": found})
    return Response(body, 200 if good else 503, media_type="application/json")


@router.get("/metrics", action="metrics.read")
async def metrics() -> Response:
    """Prometheus metrics of this process: to this machine, or to an admin."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def checks(who: Who) -> dict[str, dict[str, Any]]:
    """Of the log, live alerts and the tables: whether each is well (`ok`), and how far behind or how slow."""
    return {"log": _log(who), "alerts": _alerts(who), "tables": await _tables(who)}


def _log(who: Who) -> dict[str, Any]:
    access = who.portal.access
    age = access.age
    good = age is not None and age <= LOG_SECONDS
    return {"ok": good, "behind_seconds": None if age is None else round(age, 3)}


def _alerts(who: Who) -> dict[str, Any]:
    """Well where nobody listens: then none are read."""
    lag = who.portal.feed.lag()
    return {"ok": lag <= LOG_SECONDS, "behind_seconds": round(lag, 3)}


async def _tables(who: Who) -> dict[str, Any]:
    began = time.monotonic()
    try:
        await asyncio.wait_for(who.ports.ask(lambda queries: queries.ping(EVERYTHING)), TABLES_SECONDS)
    except (SuyuanError, TimeoutError):
        return {"ok": False, "seconds": round(time.monotonic() - began, 3)}
    return {"ok": True, "seconds": round(time.monotonic() - began, 3)}
