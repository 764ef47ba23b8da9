"""Webhooks: alerts are sent to a receiver as they are raised and change. A secret is shown once, when it is made."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from suyuan.access.keys import new_id
from suyuan.access.policy import ACTIONS
from suyuan.access.principal import Role
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.webhooks.events import (
    Changed,
    Created,
    Deleted,
    Filters,
    Place,
    ReplayWanted,
    SecretRotated,
    TestWanted,
)
from suyuan.operations.webhooks.filtering import wanted_alerts
from suyuan.operations.webhooks.log import ALERTS
from suyuan.operations.webhooks.sending import LONGEST_URL, check_url
from suyuan.operations.webhooks.signing import new_secret
from suyuan.operations.webhooks.subscriptions import MOST_OF_ONE_OWNER, Subscription
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.paging import USUAL, After, Limit, listed, page_of
from suyuan.portal.problems import Problem
from suyuan.queries.answers import WebhookAttempt
from suyuan.queries.api import AttemptFilter, Page

router = GuardedRouter(prefix="/api/v1", tags=["webhooks"])

COLUMNS = tuple(field.encode_name for field in msgspec.structs.fields(WebhookAttempt))
OUTCOMES = Literal["delivered", "retried", "failed", "withheld"]
OWNERS = ACTIONS["alert.read"].roles or frozenset()
"""roles whose keys may have webhooks: those that see alerts"""

Id = Annotated[str, Path(max_length=64)]
Text = Annotated[str | None, Field(max_length=2_000)]


class WantedFilters(BaseModel):
    """Which alerts, as the list of alerts is asked for them: several values have commas between."""

    model_config = ConfigDict(extra="forbid")

    severity: Text = None
    condition: Text = None
    handling: Text = None
    assignee: Text = None
    rule: Text = None
    bureau: Text = None
    platform: Text = None
    seller: Text = None
    subject: Text = None


class Wanted(BaseModel):
    """A webhook to be made. `url`: https, of a receiver that the Internet reaches, or that the operator has named;
    `owner`: an admin's to say: the id of the key that it is made for.
    """

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    url: str = Field(min_length=1, max_length=LONGEST_URL)
    filters: WantedFilters = WantedFilters()
    kinds: list[Literal["alert"]] = Field(default=["alert"], min_length=1, max_length=1)
    owner: str | None = Field(default=None, max_length=64)


class NoOwner(SuyuanError):
    """No webhook is made for that key."""

    kind = ErrorKind.USAGE


class Change(BaseModel):
    """What is to be otherwise; the rest stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(default=None, min_length=1, max_length=100)
    url: str | None = Field(default=None, min_length=1, max_length=LONGEST_URL)
    filters: WantedFilters | None = None
    enabled: bool | None = None


@router.get("/webhooks", action="webhook.read")
async def webhooks(who: Who) -> Response:
    """Those of the key that asks, the newest first; an admin's list is that of all."""
    return _json({"rows": [plain(each) for each in await visible(who)], "next": None})


@router.post("/webhooks", action="webhook.write", status_code=201)
async def create(who: Who, wanted: Wanted) -> Response:
    """Make one, for the key that asks; an admin for the key that `owner` names. What is raised from now on is sent, as
    far as that key may see it then. The answer shows the secret that it is signed by, and nothing ever will again.
    """
    owner = await _owner(who, wanted.owner)
    filters = _filters(who, wanted.filters)
    check_url(wanted.url, who.portal.webhook_addresses)
    subscriptions = await who.portal.subscriptions.subscriptions()
    if len(subscriptions.of(owner)) >= MOST_OF_ONE_OWNER:
        raise Problem("conflict", f"a key has {MOST_OF_ONE_OWNER} webhooks at most: delete one first")
    id_, secret = new_id(secrets.token_bytes), new_secret(secrets.token_bytes)
    made = Created(
        id=id_,
        at=who.now(),
        by=who.principal.id,
        owner=owner,
        name=wanted.name,
        url=wanted.url,
        sealed=who.portal.seal.seal(id_, secret, secrets.token_bytes),
        after=await _alert_ends(who),
        topic=ALERTS,
        filters=filters,
        kinds=tuple(wanted.kinds),
    )
    await who.portal.subscriptions.append(made)
    body = {**plain(await own(who, id_)), "secret": secret}
    return _json(body, 201, {"Location": f"/api/v1/webhooks/{id_}"})


@router.get("/webhooks/{webhook}", action="webhook.read")
async def webhook(who: Who, webhook: Id) -> Response:
    """One, without its secret."""
    return _json(plain(await own(who, webhook)))


@router.patch("/webhooks/{webhook}", action="webhook.write")
async def change(who: Who, webhook: Id, wanted: Change | None = None) -> Response:
    """Another name, URL or filters; or have it send nothing, or something again: also what a receiver's 410 ended."""
    found = await own(who, webhook)
    wanted = wanted or Change()
    if wanted.url is not None:
        check_url(wanted.url, who.portal.webhook_addresses)
    filters = None if wanted.filters is None else _filters(who, wanted.filters)
    said = Changed(found.id, who.now(), who.principal.id, wanted.name, wanted.url, filters, None, wanted.enabled)
    await who.portal.subscriptions.append(said)
    return _json(plain(await own(who, webhook)))


@router.delete("/webhooks/{webhook}", action="webhook.write", status_code=204)
async def delete(who: Who, webhook: Id) -> Response:
    """Nothing more is sent, not even what waits."""
    found = await own(who, webhook)
    await who.portal.subscriptions.append(Deleted(found.id, who.now(), who.principal.id))
    return Response(status_code=204)


@router.post("/webhooks/{webhook}/secret", action="webhook.write", status_code=201)
async def rotate(who: Who, webhook: Id) -> Response:
    """A new secret, shown once. The one before signs too for 24 hours, within which there is no other rotation."""
    found, now = await own(who, webhook), who.now()
    if not found.may_rotate(now):
        raise Problem("conflict", "its secret was rotated less than 24 hours ago, and both sign until then")
    secret = new_secret(secrets.token_bytes)
    sealed = who.portal.seal.seal(found.id, secret, secrets.token_bytes)
    await who.portal.subscriptions.append(SecretRotated(found.id, now, who.principal.id, sealed))
    found = await own(who, webhook)
    if found.sealed != sealed:
        raise Problem("conflict", "somebody else rotated its secret at the same time")
    return _json({**plain(found), "secret": secret}, 201)


@router.post("/webhooks/{webhook}/test", action="webhook.write", status_code=202)
async def test(who: Who, webhook: Id) -> Response:
    """Have `{"test":true}` sent, signed like all others; what became of it is in the list of deliveries."""
    found = await own(who, webhook)
    delivery = f"test.{new_id(secrets.token_bytes)}.{found.id}"
    await who.portal.subscriptions.append(TestWanted(found.id, who.now(), who.principal.id, delivery))
    return _json({"delivery": delivery}, 202)


@router.get("/webhooks/{webhook}/deliveries", action="webhook.read")
async def deliveries(
    who: Who,
    webhook: Id,
    delivery: Annotated[str | None, Query(max_length=200, description="a webhook-id")] = None,
    outcome: Annotated[OUTCOMES | None, Query()] = None,
    limit: Limit = USUAL,
    after: After = None,
) -> Response:
    """Every attempt, the newest first: what the receiver answered, and when the next one is due."""
    found = await own(who, webhook)
    page, wanted = page_of(who, limit, after), AttemptFilter(found.id, delivery, outcome)
    return listed(who, await who.ask(lambda queries, scope: queries.webhook_attempts(scope, wanted, page)), COLUMNS)


@router.post("/deliveries/{delivery}/replay", action="webhook.write", status_code=202)
async def replay(who: Who, delivery: Annotated[str, Path(max_length=200)]) -> Response:
    """Have it sent again under the same webhook-id, whether or not it was taken; one that waits is due at once."""
    found = await own(who, delivery.rpartition(".")[2])
    wanted = AttemptFilter(found.id, delivery)
    attempts = await who.ask(lambda queries, scope: queries.webhook_attempts(scope, wanted, Page(1)))
    last = next(iter(attempts.rows), None)
    if last is None or last.alert_partition is None or last.alert_offset is None or last.alert_row is None:
        raise Problem("not-found")
    place = Place(last.alert_partition, last.alert_offset, last.alert_row)
    await who.portal.subscriptions.append(ReplayWanted(found.id, who.now(), who.principal.id, delivery, place))
    return _json({"delivery": delivery}, 202)


async def visible(who: Who) -> list[Subscription]:
    """Those that whoever asks may see, the newest first."""
    subscriptions = await who.portal.subscriptions.subscriptions()
    return subscriptions.of(None if who.principal.role == Role.ADMIN else who.principal.id)


async def own(who: Who, id: str) -> Subscription:  # noqa: A002 -- the field's name
    """Raises Problem: another's is as one that is not there."""
    found = (await who.portal.subscriptions.subscriptions()).get(id)
    if found is None or (found.owner != who.principal.id and who.principal.role != Role.ADMIN):
        raise Problem("not-found")
    return found


def plain(found: Subscription) -> dict[str, Any]:
    """What is told of one: all but what it signs by; `state`: enabled, or why nothing is sent."""
    return {
        "id": found.id,
        "name": found.name,
        "url": found.url,
        "filters": msgspec.to_builtins(found.filters),
        "kinds": list(found.kinds),
        "owner": found.owner,
        "by": found.by,
        "created": found.created,
        "enabled": not found.disabled,
        "disabled": found.disabled or None,
        "rotated_until": found.former_until or None,
    }


async def _owner(who: Who, named: str | None) -> str:
    """The key that a webhook is made for. Raises Problem, NoOwner."""
    principal = who.principal
    if principal.role != Role.ADMIN:
        if principal.came != "key" or named not in {None, principal.id}:
            raise Problem("forbidden", "a webhook is made with an API key, whose scope bounds what is sent")
        return principal.id
    if named is None:
        raise Problem("forbidden", "an admin sees no alerts: name as owner the key whose scope bounds what is sent")
    key = (await who.portal.access.grants()).holder(named, who.now())
    if key is None:
        raise NoOwner("there is no such key, or it is good no more")
    if key.role not in OWNERS:
        raise NoOwner("whoever has that key sees no alerts")
    return key.id


def _filters(who: Who, given: WantedFilters) -> Filters:
    """Raises SuyuanError for what makes no sense."""
    filters = Filters(**given.model_dump())
    wanted_alerts(who.scope, filters)
    return filters


async def _alert_ends(who: Who) -> tuple[int, ...]:
    """Of each partition of the alerts, where what comes from now on begins."""
    async with who.ports.tail([ALERTS]) as tail:
        ends = tail.next_offsets
    return tuple(ends[ALERTS, number] for number in range(len(ends)))


def _json(body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(body), status, headers, "application/json")
