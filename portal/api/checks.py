"""Spot checks: planned, frozen, drawn and published by regulators within their division, each act for all to verify.

What takes long (freeze, draw, publish) is answered with 202, and `work` of the check tells how it goes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Annotated, Any, NamedTuple

import msgspec
from fastapi import Body, Header, Path, Query, Response

from suyuan.access.policy import ACTIONS
from suyuan.domain.calendar import china_day
from suyuan.domain.checks.bodies import ACTS, BODIES, ActName, AnyBody, Plan, hash_of
from suyuan.domain.checks.faults import BodyError, Fault
from suyuan.domain.checks.numbers import check_number
from suyuan.domain.checks.publication import FILES, Publication
from suyuan.domain.checks.stage import Check
from suyuan.errors import SuyuanError
from suyuan.operations.spot_checks import acting, orders, steps
from suyuan.operations.spot_checks.registers import read_plan
from suyuan.portal.context import Context
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.moments import ms_of
from suyuan.portal.paging import USUAL, After, Limit, listed, page_of
from suyuan.portal.problems import Fault as Said
from suyuan.portal.problems import Problem
from suyuan.portal.read_log import log_read
from suyuan.portal.spot_checks import Make, Work, refused
from suyuan.queries.answers import CheckAct
from suyuan.queries.api import CheckFilter, FrameFilter, Queries
from suyuan.queries.check_acts import check_of
from suyuan.queries.check_list import CheckSummary, is_open
from suyuan.queries.visible import sees_division

router = GuardedRouter(prefix="/api/v1", tags=["spot checks"])

PATIENCE_SECONDS = 90.0
"""that tables are waited for, before a frame is taken"""
COLUMNS = CheckSummary.__struct_fields__
MOST_BODY = 1 << 20
CheckId = Annotated[str, Path(max_length=40)]
Bureau = Annotated[
    str | None, Query(max_length=6, pattern="^[0-9]*$", description="first digits of the bureau's division")
]
Stage = Annotated[str | None, Query(max_length=20, description=f"the last act: {', '.join(ACTS)}")]
Year = Annotated[int | None, Query(ge=1, le=9999, description="of the number")]
Given = Annotated[dict[str, Any] | None, Body()]
IfMatch = Annotated[
    str | None, Header(max_length=200, description="`ETag` of the check as it was read: 412 where it has changed since")
]


class Known(NamedTuple):
    """A check that whoever asks may read. `within`: it is of a bureau of their scope."""

    check_id: str
    check: Check
    plan: Plan
    acts: list[CheckAct]
    within: bool

    @property
    def tag(self) -> str:
        """The hash of the last act."""
        return hash_of(self.check.last or self.plan)

    @property
    def stage(self) -> str:
        """The last act's name."""
        return steps.name_of(self.check.last or self.plan)

    @property
    def next(self) -> list[str]:
        """Acts that may come now."""
        return [name for name, kind in BODIES.items() if kind in self.check.next]


@router.get("/checks", action="check.read")
async def checks(
    who: Who, bureau: Bureau = None, stage: Stage = None, year: Year = None, limit: Limit = USUAL, after: After = None
) -> Response:
    """Those of the scope's bureaus, and all that were published or given up; the newest years first, of each bureau the
    last number first. With `stage` a page may have few rows though more are behind it.
    """
    page = page_of(who, limit, after)
    wanted = filter_of(bureau, stage, year)
    found = await who.ask(lambda queries, scope: queries.checks(scope, wanted, page))
    log_read(who, "checks")
    return listed(who, found, COLUMNS)


@router.post("/checks", action="check.act", status_code=201)
async def plan(who: Who, given: Given = None) -> Response:
    """Publish a plan: `Plan` of domain/checks/bodies.py. `planned_at` is now where it is absent; a `bureau` may stand
    in place of `check_id`: the check then has its next number. An item or an officer that is a text is taken from the
    register, and so are all active officers of the bureau where none are named. `errors` name the fields at fault.
    """
    if given is None:
        raise Problem("invalid", errors=[Said("is missing: send the plan as JSON", "/")])
    told = await planned(who, given)
    location = {"Location": f"/api/v1/checks/{told.check_id}", "ETag": f'"{told.sha256}"'}
    return Response(msgspec.json.encode(told._asdict()), 201, location, "application/json")


@router.get("/checks/{check_id}", action="check.read")
async def check(who: Who, check_id: CheckId) -> Response:
    """All acts on it, what may come next, and what is being done with it here. `ETag` is the hash of the last act. Who
    acted is told within the bureau's division alone.
    """
    found = await known(who, check_id)
    log_read(who, f"check {check_id}")
    return _answer(found, who.portal.checks.work(check_id))


@router.post("/checks/{check_id}/freeze", action="check.act", status_code=202)
async def freeze(who: Who, check_id: CheckId, given: Given = None, if_match: IfMatch = None) -> Response:
    """Write the frame of all that the plan draws from, as known at `as_known_at` (ms, or ISO 8601; absent: a moment
    ago), once the tables hold all that the log took until then.
    """
    found = await to_act_on(who, check_id, if_match)
    return await _started(who, found, "freeze", freezing(who, found, _fields(given, "as_known_at").get("as_known_at")))


@router.post("/checks/{check_id}/randomness", action="check.act", status_code=202)
async def randomness(who: Who, check_id: CheckId, given: Given = None, if_match: IfMatch = None) -> Response:
    """What nobody could know: `signature` of the planned round, in hexadecimal, or `reveals`: `name` and `secret` of
    each party that reveals.
    """
    found = await to_act_on(who, check_id, if_match)
    return await _acted(who, found, giving(who, found, _fields(given, "signature", "reveals")))


@router.post("/checks/{check_id}/draw", action="check.act", status_code=202)
async def draw(who: Who, check_id: CheckId, if_match: IfMatch = None) -> Response:
    """Draw listings and officers from the frozen frame."""
    found = await to_act_on(who, check_id, if_match)
    return await _started(who, found, "draw", drawing(who, found))


@router.post("/checks/{check_id}/publish", action="check.act", status_code=202)
async def publish(who: Who, check_id: CheckId, if_match: IfMatch = None) -> Response:
    """Let everybody read it, and fetch the files by which it can be drawn again."""
    found = await to_act_on(who, check_id, if_match)
    return await _started(who, found, "publish", publishing(who, found))


@router.post("/checks/{check_id}/cancel", action="check.act", status_code=202)
async def cancel(who: Who, check_id: CheckId, given: Given = None, if_match: IfMatch = None) -> Response:
    """Give it up, for a `reason` that everybody may read. Its number is not used again."""
    found = await to_act_on(who, check_id, if_match)
    reason = _fields(given, "reason").get("reason")
    return await _acted(who, found, cancelling(found, reason if isinstance(reason, str) else ""))


@router.get("/checks/{check_id}/publication", action="check.read")
async def publication(who: Who, check_id: CheckId) -> Response:
    """The acts as publication.json has them, and the public files with their hashes and addresses; 404 before it is
    published.
    """
    found = await known(who, check_id)
    made = publication_of(found.check)
    if made is None:
        raise Problem("not-found", "it is not published yet")
    log_read(who, f"check {check_id}")
    body = {"check_id": check_id, "files": files_of(found.check), "publication": made}
    return Response(msgspec.json.encode(body), media_type="application/json")


def filter_of(bureau: str | None, stage: str | None, year: int | None, *, public: bool = False) -> CheckFilter:
    """Raises Problem, invalid."""
    if stage and stage not in ACTS:
        raise Problem("invalid", errors=[Said(f"not one of {', '.join(ACTS)}", "stage")])
    return CheckFilter(bureau or "", stage or None, year, public)


async def known(who: Context, check_id: str) -> Known:
    """Raises Problem: not-found."""
    number = check_number(check_id)
    if number is None:
        raise Problem("not-found")
    within = sees_division(who.scope, number.bureau)
    acts = await who.ask(lambda queries, scope: queries.check_acts(scope, check_id))
    if within:
        acts = who.portal.checks.with_recent(check_id, acts)
    acts = [act for act in acts if act.check_id == check_id]
    found = check_of(acts)
    if found.plan is None or not (within or is_open(found)):
        raise Problem("not-found")
    return Known(check_id, found, found.plan, acts, within)


async def to_act_on(who: Context, check_id: str, tag: str | None = None) -> Known:
    """One of a bureau of the scope. `tag`: of `If-Match`. Raises Problem: not-found, precondition-failed."""
    found = await known(who, check_id)
    if not found.within:
        raise Problem("not-found")
    tags = {each.strip().removeprefix("W/").strip('"') for each in (tag or "*").split(",")}
    if not tags & {"*", found.tag}:
        raise Problem("precondition-failed")
    return found


async def planned(who: Context, given: Mapping[str, Any]) -> acting.Told:
    """Publish a plan as it was sent. Raises Problem, which names its fields."""
    fields, now = dict(given), who.now()
    bureau = fields.pop("bureau", None)
    fields.setdefault("planned_at", now)

    def make(queries: Queries) -> AnyBody:
        if "check_id" not in fields and isinstance(bureau, str) and check_number(f"{bureau}-2000-1"):
            fields["check_id"] = acting.next_number(queries, bureau, _year(now))
        body = read_plan(queries, msgspec.json.encode(fields))
        number = check_number(body.check_id)
        if number is None or not sees_division(who.scope, number.bureau):
            raise BodyError(
                "plan", [Fault("check_id", "is no check's of your division", "begin it with its six digits")]
            )
        return acting.planned(queries, body)

    try:
        return await who.portal.checks.act(make, who.principal.id)
    except SuyuanError as error:
        raise refused(error) from None


def _year(now: int) -> int:
    """Of a check that is planned now, on the clock of China."""
    return china_day(now).year


def freezing(who: Context, found: Known, as_known_at: Any) -> Make:
    """Raises Problem, invalid."""
    at = ms_of(None if as_known_at is None else str(as_known_at), "/as_known_at")
    folder, scope, now = folder_of(who, found.check_id), who.scope, who.portal.now
    work_left = who.ports.deployment.work_left
    if at is not None and at > now():
        raise Problem("invalid", errors=[Said("is to come: what will be known then is not known yet", "/as_known_at")])

    def make(queries: Queries) -> AnyBody:
        check = acting.check_named(queries, found.check_id)
        known_at = now() - acting.CLOCKS_MS - 1 if at is None else at
        acting.wait_until_loaded(work_left, known_at, clock=now, pause=time.sleep, patience_seconds=PATIENCE_SECONDS)
        moment = now()
        if check.plan is not None and check.freeze is None:
            outside = queries.outside_of_frame(scope, FrameFilter.of(check.plan, known_at))
            if outside:
                remedy = "cancel the check, and plan another one whose population is within it"
                raise BodyError("freeze", [Fault("population", f"{outside} listings are not of your division", remedy)])
        body = acting.frozen(queries, check, folder, as_known_at=known_at, now=moment)
        if now() >= found.plan.randomness.at:
            remedy = "cancel the check, and plan another one with a later round"
            raise BodyError("freeze", [Fault("frozen_at", "took until the randomness was due", remedy)])
        return body

    return make


def giving(who: Context, found: Known, given: Mapping[str, Any]) -> Make:
    """Raises Problem, invalid."""
    signature, reveals, now = given.get("signature"), given.get("reveals"), who.now()
    if (signature is None) == (reveals is None):
        raise Problem("invalid", errors=[Said("give the round's signature, or reveals of the parties", "/signature")])
    if signature is not None and not isinstance(signature, str):
        raise Problem("invalid", errors=[Said("is no text", "/signature")])
    pairs: list[tuple[str, str]] = []
    for place, each in enumerate(reveals if isinstance(reveals, list) else ()):
        pair = (each.get("name"), each.get("secret")) if isinstance(each, dict) else (None, None)
        if not all(isinstance(part, str) for part in pair):
            raise Problem("invalid", errors=[Said("has no name and secret", f"/reveals/{place}")])
        pairs.append(pair)  # type: ignore[arg-type]

    def make(queries: Queries) -> AnyBody:
        check = acting.check_named(queries, found.check_id)
        if signature is not None:
            return acting.of_beacon(check, signature, now=now)
        return acting.of_parties(check, pairs, now=now)

    return make


def drawing(who: Context, found: Known) -> Make:
    """Makes the draw, and publishes its orders."""
    folder, ports = folder_of(who, found.check_id), who.ports

    def make(queries: Queries) -> AnyBody:
        check = acting.check_named(queries, found.check_id)
        return orders.drawn(queries, ports.open_outlet(), check, folder).draw

    return make


def publishing(who: Context, found: Known) -> Make:
    """Makes the publication."""
    folder = folder_of(who, found.check_id)
    return lambda queries: acting.published(queries, acting.check_named(queries, found.check_id), folder)


def cancelling(found: Known, reason: str) -> Make:
    """Raises Problem, invalid."""
    said = reason.strip()
    if not 0 < len(said) <= 1000:
        raise Problem("invalid", errors=[Said("say why, in at most 1,000 characters: it stays public", "/reason")])
    return lambda queries: steps.cancelled(acting.check_named(queries, found.check_id), said)


async def acted(who: Context, make: Make) -> acting.Told:
    """Do what takes a moment. Raises Problem."""
    try:
        return await who.portal.checks.act(make, who.principal.id)
    except SuyuanError as error:
        raise refused(error) from None


async def started(who: Context, found: Known, act: ActName, make: Make) -> Work:
    """Begin what may take longer. Raises Problem."""
    if BODIES[act] not in found.check.next:
        raise Problem(
            "conflict", f"{act} does not follow {found.stage}: what may come now: {', '.join(found.next) or '-'}"
        )
    try:
        return await who.portal.checks.start(found.check_id, act, make, who.principal.id)
    except SuyuanError as error:
        raise refused(error) from None


def folder_of(who: Context, check_id: str) -> FilePath:
    """Of its public files."""
    return acting.folder_of(who.portal.settings.public_folder(), check_id)


def publication_of(check: Check) -> Publication | None:
    """None: it is not published."""
    if check.publish is None or check.plan is None or check.freeze is None:
        return None
    if check.randomness is None or check.draw is None:
        return None
    return Publication(plan=check.plan, freeze=check.freeze, randomness=check.randomness, draw=check.draw)


def files_of(check: Check) -> list[dict[str, str]]:
    """Of a published check: name, sha256, address."""
    if check.publish is None:
        return []
    where = f"/public/checks/{check.publish.check_id}"
    return [
        {"name": file.name, "sha256": file.sha256, "address": f"{where}/{file.name}"}
        for file in check.publish.files
        if file.name in FILES
    ]


def may_act(who: Context, found: Known) -> list[str]:
    """Acts that whoever asks may do now."""
    roles = ACTIONS["check.act"].roles or ()
    return found.next if found.within and who.principal.role in roles else []


def plain_acts(found: Known) -> list[dict[str, Any]]:
    """Every act, the first first. `actor`: within the division alone; `void`: it changed nothing."""
    void = {act.recency[1] for act in found.check.void}
    return [
        {
            "act": act.act,
            "actor": act.actor if found.within else None,
            "occurred_at": act.occurred_at,
            "event_id": act.event_id,
            "void": act.event_id in void,
        }
        for act in found.acts
    ]


def plain_check(found: Known, work: Work | None) -> dict[str, Any]:
    """As JSON tells it."""
    check = found.check
    return {
        "check_id": found.check_id,
        "stage": found.stage,
        "open": is_open(check),
        "next": found.next,
        **{name: getattr(check, name) for name in ACTS},
        "acts": plain_acts(found),
        "files": files_of(check),
        "work": work if found.within else None,
    }


def _answer(found: Known, work: Work | None, status: int = 200) -> Response:
    headers = {"ETag": f'"{found.tag}"'}
    return Response(msgspec.json.encode(plain_check(found, work)), status, headers, "application/json")


async def _acted(who: Context, found: Known, make: Make) -> Response:
    told = await acted(who, make)
    headers = {"ETag": f'"{told.sha256}"', "Location": f"/api/v1/checks/{found.check_id}"}
    return Response(msgspec.json.encode(told._asdict()), 202, headers, "application/json")


async def _started(who: Context, found: Known, act: ActName, make: Make) -> Response:
    work = await started(who, found, act, make)
    headers = {"Location": f"/api/v1/checks/{found.check_id}"}
    body = {"check_id": found.check_id, "work": work}
    return Response(msgspec.json.encode(body), 202, headers, "application/json")


def _fields(given: Mapping[str, Any] | None, *names: str) -> Mapping[str, Any]:
    """Raises Problem, invalid, for a field of another name."""
    for name in given or {}:
        if name not in names:
            raise Problem("invalid", errors=[Said("there is no such field", f"/{name}")])
    return given or {}
