"""The app: its routes, what each request goes through, and what is open while it runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import metadata
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware import Middleware

from suyuan.portal.access_feed import AccessFeed
from suyuan.portal.context import Portal
from suyuan.portal.cursors import Cursors
from suyuan.portal.live.feed import Feed
from suyuan.portal.middleware.answers import Answers
from suyuan.portal.middleware.limits import Limits, allowed_hosts
from suyuan.portal.middleware.proxy import Proxy
from suyuan.portal.pages.navigation import pages_of
from suyuan.portal.pages.problem_page import problem_page
from suyuan.portal.ports import Ports
from suyuan.portal.problems import handle_problems
from suyuan.portal.providers import provider_of
from suyuan.portal.publishing.door import portal_door
from suyuan.portal.rates import Rates
from suyuan.portal.recent_acts import RecentActs
from suyuan.portal.recent_answers import RecentAnswers
from suyuan.portal.recent_figures import RecentFigures, desks_at, divisions_at
from suyuan.portal.routers import ROUTERS
from suyuan.portal.secrecy import proxies_of
from suyuan.portal.secret import signing_secret, uploads_folder
from suyuan.portal.sessions import Sessions
from suyuan.portal.spot_checks import SpotChecks
from suyuan.portal.subscription_feed import SubscriptionFeed
from suyuan.portal.uploads.manager import Uploads
from suyuan.runtime.pseudonyms import verify_given_key
from suyuan.runtime.settings import Settings
from suyuan.runtime.webhooks import webhook_addresses, webhook_seal

TITLE = "Suyuan"


def make_app(ports: Ports, settings: Settings, clock: Callable[[], float] = time.time) -> FastAPI:
    """`clock`: seconds since the epoch. The app closes the ports when it ends. Raises SuyuanError, CONFIGURATION."""
    secret, provider = signing_secret(settings), provider_of(settings, clock)
    seal, addresses = webhook_seal(settings), webhook_addresses(settings)
    verify_given_key(settings)
    door = portal_door(ports.deployment)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        access = AccessFeed(ports, time.monotonic)
        subscriptions = SubscriptionFeed(ports, time.monotonic)
        rates = Rates(settings.portal_requests_per_second, time.monotonic)
        uploads = Uploads(uploads_folder(settings), ports, lambda: int(clock() * 1000), lambda: access.known, door)
        checks = SpotChecks(ports, lambda: int(clock() * 1000))
        feed = Feed(ports, time.monotonic, lambda: int(clock() * 1000))
        app.state.portal = Portal(
            ports=ports,
            settings=settings,
            clock=clock,
            access=access,
            subscriptions=subscriptions,
            seal=seal,
            webhook_addresses=addresses,
            cursors=Cursors(secret),
            sessions=Sessions(secret),
            rates=rates,
            uploads=uploads,
            feed=feed,
            divisions=RecentFigures(divisions_at),
            desks=RecentFigures(desks_at(settings.alert_budget)),
            acts=RecentActs(),
            answers=RecentAnswers(),
            door=door,
            checks=checks,
            provider=provider,
        )
        access.start()
        subscriptions.start()
        feed.start()
        await uploads.start()
        try:
            yield
        finally:
            await checks.stop()
            await uploads.stop()
            await feed.stop()
            await subscriptions.stop()
            await access.stop()
            await asyncio.to_thread(ports.close)

    app = FastAPI(
        title=TITLE,
        version=metadata.version("suyuan"),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
        middleware=[
            Middleware(Answers),
            Middleware(Proxy, proxies=proxies_of(settings)),
            Middleware(Limits, hosts=allowed_hosts(settings.portal_origin)),
        ],
    )
    handle_problems(app)
    for router in ROUTERS:
        app.router.routes.extend(router.routes)  # flat: each says all of its path, and none is wrapped
    app.state.pages, app.state.problem_page = pages_of(app.routes), problem_page
    app.openapi = lambda: _description(app)  # type: ignore[method-assign]
    return app


def _description(app: FastAPI) -> dict[str, Any]:
    """OpenAPI of the API's routes, made once."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, routes=app.routes)
        made.setdefault("components", {})["securitySchemes"] = {
            "key": {"type": "http", "scheme": "bearer", "description": "an API key, sy_..."},
            "session": {"type": "apiKey", "in": "cookie", "name": "suyuan-session"},
        }
        app.openapi_schema = made
    return app.openapi_schema
