"""What a handler is given: who asks, what they may see, and the ways to the log and the tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

from fastapi import Request

from suyuan.access.principal import Principal
from suyuan.access.scope import Scope

if TYPE_CHECKING:
    from suyuan.operations.webhooks.addresses import Allowed
    from suyuan.operations.webhooks.sealing import Seal
    from suyuan.portal.access_feed import AccessFeed
    from suyuan.portal.cursors import Cursors
    from suyuan.portal.live.feed import Feed
    from suyuan.portal.oidc import Provider
    from suyuan.portal.ports import Ports
    from suyuan.portal.rates import Rates
    from suyuan.portal.recent_acts import RecentActs
    from suyuan.portal.recent_answers import RecentAnswers
    from suyuan.portal.recent_figures import RecentFigures
    from suyuan.portal.sessions import Sessions
    from suyuan.portal.spot_checks import SpotChecks
    from suyuan.portal.subscription_feed import SubscriptionFeed
    from suyuan.portal.uploads.manager import Uploads
    from suyuan.publishing.door import Door
    from suyuan.queries.answers import AlertBudget, Divisions
    from suyuan.queries.api import Queries
    from suyuan.runtime.settings import Settings

T = TypeVar("T")
Language = Literal["zh", "en"]
NOTHING = Scope(())
"""what nobody in particular may see: what is open to everybody, and no more"""
LANGUAGE_COOKIE = "suyuan-lang"
_LANGUAGES = re.compile(r"\b(zh|en)\b", re.IGNORECASE)


@dataclass(slots=True)
class Portal:
    """What all requests share. `clock`: seconds since the epoch; `access`: who has access, `subscriptions`: which
    webhooks there are, as the log says; `seal`: of their secrets; `webhook_addresses`: where they may be sent; `door`:
    that published events come in by; `acts`: on alerts, `answers`: on orders, that were published here and
    may not have come back.
    """

    ports: Ports
    settings: Settings
    clock: Callable[[], float]
    access: AccessFeed
    subscriptions: SubscriptionFeed
    seal: Seal
    webhook_addresses: Allowed
    cursors: Cursors
    sessions: Sessions
    rates: Rates
    uploads: Uploads
    feed: Feed
    divisions: RecentFigures[Divisions]
    desks: RecentFigures[AlertBudget]
    acts: RecentActs
    answers: RecentAnswers
    door: Door
    checks: SpotChecks
    provider: Provider | None = None
    """of identities, where the settings name one"""

    def now(self) -> int:
        """Ms UTC."""
        return int(self.clock() * 1000)


@dataclass(slots=True)
class Context:
    """Of one request."""

    request: Request
    portal: Portal
    _principal: Principal | None
    action: str = ""

    @property
    def principal(self) -> Principal:
        """Who asks. Of an open route there may be none: `is_somebody` says so."""
        if self._principal is None:
            raise RuntimeError("an open route has no principal")
        return self._principal

    @property
    def is_somebody(self) -> bool:
        """Whether a credential was shown that is good."""
        return self._principal is not None

    @property
    def csrf(self) -> str:
        """What forms and scripts of the page send along; empty for who has no session."""
        if self._principal is None or self._principal.came != "session":
            return ""
        return self.portal.sessions.csrf(self._principal.session)

    @property
    def scope(self) -> Scope:
        """What whoever asks may see."""
        return self.principal.scope

    @property
    def ports(self) -> Ports:
        """The ways to the log and the tables."""
        return self.portal.ports

    @property
    def language(self) -> Language:
        """Of what people read: `?lang=`, else the cookie, else what the browser wants most, else Chinese."""
        request = self.request
        chosen = request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)
        wanted = _LANGUAGES.search(request.headers.get("accept-language", ""))
        found = next((each for each in (*chosen, wanted and wanted[1].lower()) if each in {"zh", "en"}), "zh")
        return "en" if found == "en" else "zh"

    def now(self) -> int:
        """Ms UTC."""
        return self.portal.now()

    async def ask(self, question: Callable[[Queries, Scope], T]) -> T:
        """The answer to a question, `lambda queries, scope: queries.chain(scope, ...)`, in a thread. Raises
        SuyuanError, which the app answers as a problem.
        """
        scope = self.scope
        async with self.portal.rates.question(self.principal.id):
            return await self.ports.ask(lambda queries: question(queries, scope))

    async def ask_for_anybody(self, question: Callable[[Queries, Scope], T]) -> T:
        """The same of what everybody may know, whether or not a credential was shown."""
        client = self.request.client
        name = self.principal.id if self.is_somebody else client.host if client else ""
        async with self.portal.rates.question(name):
            return await self.ports.ask(lambda queries: question(queries, NOTHING))
