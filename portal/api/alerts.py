"""Alerts within the scope of whoever asks: as they stand, all that was said of each, and the listings it covers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Path, Query, Response

from suyuan.access.alert_acts import names_of
from suyuan.operations.alerts.filters import CONDITIONS, BadFilter, read_filter
from suyuan.operations.alerts.findings import FINDING_COLUMNS, outward_finding
from suyuan.operations.alerts.outward import OUTWARD_COLUMNS, OutwardAlert, outward
from suyuan.portal.api.exporting import Form, Row, exported
from suyuan.portal.context import Context
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.moments import ms_of
from suyuan.portal.paging import USUAL, After, Limit, listed, page_of
from suyuan.portal.problems import Fault, Problem
from suyuan.portal.read_log import log_read
from suyuan.portal.recent_acts import Current
from suyuan.queries.answers import Alert, AlertAct, Finding, plain
from suyuan.queries.api import AlertFilter, FindingFilter, OfAlert, Paged
from suyuan.queries.questions import EVERY_ALERT, EVERY_FINDING

router = GuardedRouter(prefix="/api/v1", tags=["alerts"])

HISTORY_COLUMNS = (*OUTWARD_COLUMNS, "outcome", "note", "loaded_at")


def _some(what: str, pattern: str | None = None) -> Any:
    return Query(max_length=1_000, pattern=pattern, description=f"{what}; several with commas between them")


Severity = Annotated[str | None, _some("low, medium, high, critical")]
Condition = Annotated[str | None, Query(max_length=20, description="standing, cleared")]
Handling = Annotated[str | None, _some("open, acknowledged, assigned, resolved")]
Mine = Annotated[
    bool, Query(description="those that are assigned to whoever asks or to their bureau, or that they acknowledged")
]
Assignee = Annotated[str | None, _some("account or unit that it is assigned to")]
RuleIds = Annotated[str | None, _some("id of a rule")]
Bureau = Annotated[str | None, _some("first digits of the division in charge", "^[0-9, ]*$")]
Codes = Annotated[str | None, _some("credit code")]
Subject = Annotated[
    str | None, Query(max_length=600, description="what it is about, a node of traces: lot:PRODUCER/GTIN/LOT")
]
Since = Annotated[str | None, Query(max_length=40, description="raised then or later: ms, or ISO 8601")]
AlertId = Annotated[str, Path(max_length=200)]


def wanted_of(
    who: Who,
    severity: Severity = None,
    condition: Condition = None,
    handling: Handling = None,
    mine: Mine = False,  # noqa: FBT002 -- of a query
    assignee: Assignee = None,
    rule: RuleIds = None,
    bureau: Bureau = None,
    platform: Codes = None,
    seller: Codes = None,
    subject: Subject = None,
    since: Since = None,
) -> AlertFilter:
    """The filter that a request's parameters make. Raises Problem, invalid, that names the parameter."""
    try:
        wanted = read_filter(
            severity=severity,
            condition=condition,
            handling=handling,
            assignee=assignee,
            rule=rule,
            bureau=bureau,
            platform=platform,
            seller=seller,
            subject=subject,
            since=ms_of(since, "since"),
        )
        return replace(wanted, mine=names_of(who.principal)) if mine else wanted
    except BadFilter as error:
        raise Problem("invalid", errors=[Fault(error.why, error.field)]) from None


Wanted = Annotated[AlertFilter, Depends(wanted_of)]
"""of a handler's parameter: the filters of alerts"""


@router.get("/alerts", action="alert.list")
async def alerts(who: Who, wanted: Wanted, limit: Limit = USUAL, after: After = None) -> Response:
    """The newest first; what stands and what was cleared."""
    page = page_of(who, limit, after)
    found = await who.ask(lambda queries, scope: queries.alerts(scope, wanted, page))
    log_read(who, "alerts")
    return listed(who, told(who, found), OUTWARD_COLUMNS)


@router.get("/alerts/export", action="alert.list")
async def export(who: Who, wanted: Wanted, form: Form = "csv") -> Response:
    """The whole list as a file."""
    return await exported(who, EVERY_ALERT, wanted, form, "alerts", OUTWARD_COLUMNS, _lines)


@router.get("/alerts/{alert}", action="alert.read")
async def alert(who: Who, alert: AlertId) -> Response:
    """One as it stands. `ETag` names that for `If-Match` of acts."""
    found = await current_of(who, alert)
    log_read(who, f"alert {found.alert.alert_id}")
    body = msgspec.json.encode({**plain(found.alert), "pending": bool(found.pending)})
    return Response(body, headers={"ETag": f'"{found.tag}"'}, media_type="application/json")


@router.get("/alerts/{alert}/history", action="alert.read")
async def history(who: Who, alert: AlertId, limit: Limit = USUAL, after: After = None) -> Response:
    """Every change of it, the first first; of one that people made, what has become of that act by now, and its note.
    `acts`, of JSON: every act in the order in which they count, with those that changed nothing. A platform is told
    neither who acts nor what they wrote.
    """
    page = page_of(who, limit, after)
    found, acts = await asyncio.gather(
        who.ask(lambda queries, scope: queries.alert_history(scope, OfAlert(alert), page)), acts_of(who, alert)
    )
    if not found.rows and after is None:
        raise Problem("not-found")
    log_read(who, f"alert {alert}")
    by_id = {each["event_id"]: each for each in acts}
    rows = [
        {**plain(change_), **_of_act(change_, by_id), "loaded_at": loaded_at}
        for change_, loaded_at in ((outward(change), change.loaded_at) for change in found.rows)
    ]
    return listed(who, Paged(rows, found.after, found.more), HISTORY_COLUMNS, acts=acts)


@router.get("/alerts/{alert}/listings", action="alert.read")
async def listings(
    who: Who, alert: AlertId, condition: Condition = None, limit: Limit = USUAL, after: After = None
) -> Response:
    """The listings that it covers, as far as the scope shows them: what the rule finds about each. Those that stand
    first, then those that do not any more.
    """
    page = page_of(who, limit, after)
    found = await who.ask(lambda queries, scope: queries.findings(scope, _findings_of(alert, condition), page))
    if not found.rows and after is None:
        await alert_of(who, alert)
    log_read(who, f"alert {alert}")
    return listed(who, Paged(list(map(outward_finding, found.rows)), found.after, found.more), FINDING_COLUMNS)


@router.get("/alerts/{alert}/listings/export", action="alert.read")
async def export_listings(who: Who, alert: AlertId, condition: Condition = None, form: Form = "csv") -> Response:
    """All of them as a file."""
    named = (await alert_of(who, alert)).alert_id
    wanted = _findings_of(named, condition)
    return await exported(who, EVERY_FINDING, wanted, form, "listings", FINDING_COLUMNS, _finding_lines)


def _findings_of(alert_id: str, condition: str | None) -> FindingFilter:
    """Raises Problem, invalid."""
    if condition and condition not in CONDITIONS:
        raise Problem("invalid", errors=[Fault(f"not one of {', '.join(CONDITIONS)}", "condition")])
    return FindingFilter(alert_id=alert_id, standing=None if not condition else condition == "standing")


async def alert_of(who: Context, alert_id: str) -> OutwardAlert:
    """An alert that the scope shows, with what was done here and has not come back yet. Raises Problem, not-found."""
    return (await current_of(who, alert_id)).alert


async def current_of(who: Context, alert_id: str) -> Current:
    """The same, and what of it has not come back; as the tables have it, or as the stream has told it since. Raises
    Problem, not-found.
    """
    found = await who.ask(lambda queries, scope: queries.alert(scope, OfAlert(alert_id)))
    latest = who.portal.feed.latest(alert_id, who.scope)
    if found is not None and (latest is None or latest.sequence <= found.sequence):
        return who.portal.acts.current(who.scope, outward(found), who.now(), found.newest_listed_at)
    if latest is None:
        raise Problem("not-found")
    return who.portal.acts.current(who.scope, latest, who.now())


async def acts_of(who: Context, alert_id: str) -> list[dict[str, Any]]:
    """Every act on an alert in the order in which they count, as far as the scope shows them. `pending`: it has not
    come back yet.
    """
    known = await who.ask(lambda queries, scope: queries.alert_acts(scope, OfAlert(alert_id)))
    acts = [{**plain(each), "pending": False} for each in known]
    if not (who.scope.is_everything or who.scope.divisions):
        return acts
    return acts + [
        {name: getattr(each.act, name, None) for name in AlertAct.__struct_fields__}
        | {"outcome": each.outcome, "note": each.note, "pending": True}
        for each in who.portal.acts.beside(alert_id, known)
    ]


def _of_act(change: OutwardAlert, acts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Of the act that made a change."""
    act = acts.get(change.act_event or "") if change.change == "handled" else None
    return {"outcome": None, "note": None} if act is None else {name: act[name] for name in ("outcome", "note")}


def told(who: Context, page: Paged[Alert]) -> Paged[Any]:
    """The page with its alerts as whoever asks is told of them, with what was done here and has not come back."""
    return Paged([each.alert for each in currents(who, page.rows)], page.after, page.more)


def currents(who: Context, rows: Iterable[Alert]) -> list[Current]:
    """The same of each, and what of it has not come back."""
    now, acts = who.now(), who.portal.acts
    return [acts.current(who.scope, outward(each), now, each.newest_listed_at) for each in rows]


def _finding_lines(rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        yield plain(outward_finding(msgspec.convert(row, Finding)))


def _lines(rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        yield plain(outward(msgspec.convert(row, Alert)))
