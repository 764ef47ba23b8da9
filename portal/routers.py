"""Every part of the portal that has routes."""

from __future__ import annotations

from suyuan.portal.api import (
    access,
    acts,
    alerts,
    chains,
    check_results,
    checks,
    desks,
    divisions,
    evidence,
    feedback,
    health,
    impacts,
    live,
    open_pages,
    orders,
    public_audit,
    public_checks,
    publish,
    rejections,
    search,
    traces,
    uploads,
    webhooks,
)
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.pages import access as access_page
from suyuan.portal.pages import alert_acts as alert_act_pages
from suyuan.portal.pages import alerts as alert_pages
from suyuan.portal.pages import chains as chain_pages
from suyuan.portal.pages import checks as check_pages
from suyuan.portal.pages import desks as desks_page
from suyuan.portal.pages import divisions as divisions_page
from suyuan.portal.pages import dossier as dossier_pages
from suyuan.portal.pages import enter, enter_oidc, home, listings, static_route
from suyuan.portal.pages import health as health_page
from suyuan.portal.pages import impacts as impact_pages
from suyuan.portal.pages import orders as order_pages
from suyuan.portal.pages import public_checks as public_check_pages
from suyuan.portal.pages import search as search_page
from suyuan.portal.pages import timeline as timeline_page
from suyuan.portal.pages import traces as trace_pages
from suyuan.portal.pages import uploads as uploads_page
from suyuan.portal.pages import webhooks as webhook_pages

ROUTERS: tuple[GuardedRouter, ...] = (
    health.router,
    open_pages.router,
    public_audit.router,
    access.router,
    live.router,
    acts.router,
    alerts.router,
    feedback.router,
    search.router,
    chains.router,
    checks.router,
    public_checks.router,
    evidence.router,
    traces.router,
    impacts.router,
    divisions.router,
    desks.router,
    orders.router,
    check_results.router,
    publish.router,
    rejections.router,
    uploads.router,
    webhooks.router,
    static_route.router,
    home.router,
    listings.router,
    uploads_page.router,
    search_page.router,
    dossier_pages.router,
    alert_act_pages.router,
    alert_pages.router,
    check_pages.router,
    public_check_pages.router,
    chain_pages.router,
    trace_pages.router,
    impact_pages.router,
    divisions_page.router,
    desks_page.router,
    order_pages.router,
    timeline_page.router,
    access_page.router,
    webhook_pages.router,
    health_page.router,
    enter.router,
    enter_oidc.router,
)
"""as they are looked through: a path of fixed text goes before one that has a parameter in its place"""
