"""Every part of the portal that has routes."""

from __future__ import annotations

from suyuan.portal.api import access, alerts, health, open_pages
from suyuan.portal.guarded import GuardedRouter

ROUTERS: tuple[GuardedRouter, ...] = (
    health.router,
    open_pages.router,
    access.router,
    alerts.router,
)
"""as they are looked through: a path of fixed text goes before one that has a parameter in its place"""
