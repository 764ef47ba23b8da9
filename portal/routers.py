"""Every part of the portal that has routes."""

from __future__ import annotations

from suyuan.portal.api import access, alerts, feedback, health, open_pages
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.pages import access as access_page
from suyuan.portal.pages import health as health_page
from suyuan.portal.pages import home, listings, static_route

ROUTERS: tuple[GuardedRouter, ...] = (
    health.router,
    open_pages.router,
    access.router,
    alerts.router,
    feedback.router,
    static_route.router,
    home.router,
    listings.router,
    access_page.router,
    health_page.router,
)
"""as they are looked through: a path of fixed text goes before one that has a parameter in its place"""
