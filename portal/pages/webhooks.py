"""Webhooks for the admin: whose they are, whether they are sent, what became of each attempt; and a form for a new one,
in the name of a key.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import Form, Path, Query, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field, ValidationError

from suyuan.access.grants import plain_key
from suyuan.domain.rules.catalogue import built_in_rules
from suyuan.domain.rules.rule import SEVERITIES
from suyuan.operations.alerts.filters import CONDITIONS, HANDLINGS, BadFilter
from suyuan.operations.webhooks.schedule import Outcome
from suyuan.operations.webhooks.sending import LONGEST_URL, BadUrl
from suyuan.operations.webhooks.subscriptions import Subscription
from suyuan.portal.api import webhooks as api
from suyuan.portal.context import Context
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.pages.rendering import render
from suyuan.portal.paging import USUAL, After, next_cursor, page_of
from suyuan.portal.problems import Problem
from suyuan.queries.api import AttemptFilter

router = GuardedRouter()

Id = Annotated[str, Path(max_length=64)]
OUTCOMES = tuple(map(str, Outcome))
DONE = ("replayed", "tested", "switched", "deleted")
_SEVERAL, _ONE = ("severity", "handling", "rule"), ("condition", "assignee", "bureau", "platform", "seller", "subject")
"""filters: those that are ticked, and those that are typed or chosen"""

Line = Annotated[str, Field(max_length=200)]
Ticked = Annotated[list[Line], Field(max_length=50)]


class Given(BaseModel):
    """The form as it was filled in; what makes sense of it is for the API to say."""

    owner: Line = ""
    name: Line = ""
    url: Annotated[str, Field(max_length=LONGEST_URL)] = ""
    severity: Ticked = []
    handling: Ticked = []
    rule: Ticked = []
    condition: Line = ""
    assignee: Line = ""
    bureau: Line = ""
    platform: Line = ""
    seller: Line = ""
    subject: Line = ""

    def wanted(self) -> api.Wanted:
        """As the API is asked for it. Raises ValidationError."""
        filters = {name: ",".join(getattr(self, name)) for name in _SEVERAL}
        filters |= {name: getattr(self, name).strip() for name in _ONE}
        return api.Wanted(
            owner=self.owner,
            name=self.name.strip(),
            url=self.url.strip(),
            filters=api.WantedFilters(**{name: text for name, text in filters.items() if text}),
        )


@router.get("/webhooks", action="webhook.manage")
async def webhooks(who: Who, owner: Annotated[str | None, Query(max_length=64)] = None) -> Response:
    """All that there are. `owner`: a key for which one is to be made: the form is open, with it chosen."""
    return await _all(who, None if owner is None else Given(owner=owner))


@router.post("/webhooks", action="webhook.administer")
async def create(who: Who, given: Annotated[Given, Form()]) -> Response:
    """Make one for a key, and show its secret once; what makes no sense is said at its field."""
    try:
        made = await api.create(who, given.wanted())
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        return await _all(who, given, wrong=(field, ""))
    except BadFilter as error:
        return await _all(who, given, wrong=(error.field, error.why))
    except BadUrl as error:
        return await _all(who, given, wrong=("url", str(error)))
    except api.NoOwner as error:
        return await _all(who, given, wrong=("owner", str(error)))
    except Problem as problem:
        if problem.name != "conflict":
            raise
        return await _all(who, given, wrong=("owner", problem.detail or ""))
    return await _all(who, made=msgspec.json.decode(bytes(made.body)))


@router.get("/webhooks/{webhook}", action="webhook.manage")
async def webhook(
    who: Who, webhook: Id, outcome: Annotated[str | None, Query(max_length=20)] = None, after: After = None
) -> Response:
    """One, and the attempts at its deliveries, the newest first."""
    return await _one(who, await api.own(who, webhook), outcome if outcome in OUTCOMES else None, after)


@router.post("/webhooks/{webhook}", action="webhook.administer")
async def rotate(who: Who, webhook: Id) -> Response:
    """A new secret, shown once."""
    try:
        made = msgspec.json.decode(bytes((await api.rotate(who, webhook)).body))
    except Problem as problem:
        if problem.name != "conflict":
            raise
        return await _one(who, await api.own(who, webhook), wrong=problem.detail or "")
    return await _one(who, await api.own(who, webhook), secret=made["secret"])


@router.post("/webhooks/{webhook}/replay", action="webhook.write")
async def replay(who: Who, webhook: Id, delivery: Annotated[str, Form(max_length=200)] = "") -> Response:
    """A delivery is sent again under the same id."""
    found = await api.own(who, webhook)
    await api.replay(who, delivery)
    return RedirectResponse(f"/webhooks/{found.id}?done=replayed", 303)


@router.post("/webhooks/{webhook}/test", action="webhook.write")
async def test(who: Who, webhook: Id) -> Response:
    """A message that tells nothing is sent."""
    await api.test(who, webhook)
    return RedirectResponse(f"/webhooks/{webhook}?done=tested", 303)


@router.post("/webhooks/{webhook}/switch", action="webhook.write")
async def switch(who: Who, webhook: Id) -> Response:
    """What is sent is sent no more, or the other way about."""
    found = await api.own(who, webhook)
    await api.change(who, webhook, api.Change(enabled=bool(found.disabled)))
    return RedirectResponse(f"/webhooks/{webhook}?done=switched", 303)


@router.post("/webhooks/{webhook}/delete", action="webhook.administer")
async def delete(who: Who, webhook: Id) -> Response:
    """It is no more."""
    await api.delete(who, webhook)
    return RedirectResponse("/webhooks?done=deleted", 303)


async def _all(
    who: Context,
    given: Given | None = None,
    *,
    wrong: tuple[str, str] | None = None,
    made: dict[str, Any] | None = None,
) -> Response:
    """`wrong`: a field, and what is wrong with it; empty: that it is not filled in as it has to be."""
    grants, now = await who.portal.access.grants(), who.now()
    keys = [(key, plain_key(key, revoked, now)) for key, revoked in grants.all_keys()]
    names = {key.id: key.name for key, _ in keys}
    rows = [
        {
            **api.plain(each),
            "owner_name": names.get(each.owner),
            "by_name": names.get(each.by),
            "access": grants.holder(each.owner, now),
        }
        for each in await api.visible(who)
    ]
    return render(
        who,
        "webhooks.html",
        status=200 if wrong is None else 400,
        rows=rows,
        keys=[shown for key, shown in keys if shown["state"] == "good" and key.role in api.OWNERS],
        given=given or Given(),
        is_open=given is not None,
        wrong=wrong,
        made=made,
        severities=SEVERITIES[::-1],
        handlings=HANDLINGS,
        conditions=tuple(CONDITIONS),
        rules=[rule.id for rule in built_in_rules()],
        longest_url=LONGEST_URL,
        done=_done(who),
    )


async def _one(
    who: Context,
    found: Subscription,
    outcome: str | None = None,
    after: str | None = None,
    *,
    secret: str = "",
    wrong: str = "",
) -> Response:
    """`secret`: a new one, to be shown; `wrong`: why there is none."""
    page, wanted = page_of(who, USUAL, after), AttemptFilter(found.id, outcome=outcome)
    attempts = await who.ask(lambda queries, scope: queries.webhook_attempts(scope, wanted, page))
    grants, now = await who.portal.access.grants(), who.now()
    names = {key.id: key.name for key, _ in grants.all_keys()}
    return render(
        who,
        "webhook.html",
        status=409 if wrong else 200,
        hook=api.plain(found),
        owner_name=names.get(found.owner),
        by_name=names.get(found.by),
        access=grants.holder(found.owner, now),
        may_rotate=found.may_rotate(now),
        secret=secret,
        wrong=wrong,
        attempts=attempts.rows,
        outcomes=OUTCOMES,
        outcome=outcome,
        cursor=next_cursor(who, attempts),
        present=after,
        done=_done(who),
    )


def _done(who: Context) -> str:
    """What the page before has done."""
    done = who.request.query_params.get("done", "")
    return done if done in DONE else ""
