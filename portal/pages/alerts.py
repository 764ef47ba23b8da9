"""Alerts as pages: the list that goes on by itself, one alert with why it was raised and what it rests on, and the
listings that it covers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, cast
from urllib.parse import urlencode

import msgspec
from fastapi import Response

from suyuan.access.alert_acts import may_act, names_of
from suyuan.access.policy import ACTIONS
from suyuan.access.principal import Role
from suyuan.domain.alerts.acts import ACTS, RESOLUTIONS
from suyuan.domain.alerts.life import Handling, allowed, handling_at
from suyuan.domain.alerts.notes import MOST_CHARACTERS
from suyuan.domain.rules.catalogue import built_in_rules
from suyuan.domain.rules.rule import SEVERITIES
from suyuan.operations.alerts.filters import CONDITIONS, HANDLINGS
from suyuan.operations.alerts.findings import OutwardFinding, outward_finding
from suyuan.operations.alerts.outward import OutwardAlert, outward
from suyuan.portal.api.alerts import AlertId, Wanted, acts_of, alert_of, current_of, currents
from suyuan.portal.context import Context
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.pages.addresses import alert_address, chain_address, timeline_address, trace_address
from suyuan.portal.pages.event_facts import facts_of
from suyuan.portal.pages.rendering import render
from suyuan.portal.pages.subjects import subject_address, subject_name
from suyuan.portal.paging import USUAL, After, next_cursor, page_of
from suyuan.portal.problems import Problem
from suyuan.portal.read_log import log_read
from suyuan.portal.recent_acts import Current
from suyuan.queries.answers import plain
from suyuan.queries.api import FindingFilter, OfAlert, Page
from suyuan.queries.sql.evidence import MOST_IDS

router = GuardedRouter()

HOURS = (1, 4, 24, 72, 168, 720)
"""that something can be acknowledged for, in forms"""
FILTERS = (
    "severity",
    "condition",
    "handling",
    "mine",
    "assignee",
    "rule",
    "bureau",
    "platform",
    "seller",
    "subject",
    "since",
)
_UNRESOLVED = tuple(name for name in HANDLINGS if name != "resolved")
_CHANGING = ("condition", "handling", "mine", "assignee")
"""filters by what changes of an alert: the stream tells of those as well that are otherwise now"""
_SHOWN_CHANGES, _SHOWN_LISTINGS = 50, 20


@router.get("/alerts", action="alert.list")
async def alerts(who: Who, wanted: Wanted, after: After = None) -> Response:
    """The newest first; the first page goes on by itself. Those that are resolved are asked for by `handling`."""
    wanted = wanted if wanted.handling else replace(wanted, handling=_UNRESOLVED)
    page = page_of(who, USUAL, after)
    asked = {name: who.request.query_params.get(name, "") for name in FILTERS}
    place = None if after else await _place(who)  # before the tables are asked: what they lack comes by the stream
    told = {name: text for name, text in asked.items() if text and name not in _CHANGING}
    found = await who.ask(lambda queries, scope: queries.alerts(scope, wanted, page))
    log_read(who, "alerts")
    chosen = {name: text for name, text in asked.items() if text}
    names = names_of(who.principal)
    of = {"handling": ",".join(wanted.handling)}
    rows = currents(who, found.rows)
    return render(
        who,
        "alerts.html",
        asked=asked,
        chosen=chosen,
        handling=of["handling"],
        handlings=_handlings(),
        rows=[each.alert for each in rows],
        pending={each.alert.alert_id for each in rows if each.pending},
        bulk=_bulk(who),
        hours=HOURS,
        resolutions=RESOLUTIONS,
        longest_note=MOST_CHARACTERS,
        done=_done(who, *ACTS, "none"),
        count=_count(who),
        handling_of=partial(_handling_of, who),
        names=names,
        stream=None if place is None else f"/api/v1/alerts/live?{urlencode({**told, 'after': place})}",
        severities=SEVERITIES[::-1],
        conditions=tuple(CONDITIONS),
        rules=[rule.id for rule in built_in_rules()],
        cursor=next_cursor(who, found),
        present=after,
        export=f"/api/v1/alerts/export?{urlencode({**chosen, **of})}",
        alert_address=alert_address,
        subject_name=subject_name,
        subject_address=subject_address,
    )


def _may(who: Context, alert: OutwardAlert) -> list[str]:
    """What whoever reads may do with it now, in the order of ACTS."""
    if who.principal.role not in (ACTIONS["alert.act"].roles or ()):
        return []
    possible = allowed(cast("Handling", alert.handling))
    return [act for act in ACTS if act in possible and may_act(who.principal, act, alert) is None]


def _bulk(who: Context) -> list[str]:
    """What the list offers to do with several."""
    if who.principal.role == Role.REGULATOR:
        return ["acknowledge", "assign", "resolve", "comment"]
    return ["comment"] if who.principal.role == Role.INVESTIGATOR else []


def _done(who: Context, *known: str) -> str:
    """What the page before has done."""
    done = who.request.query_params.get("done", "")
    return done if done in known else ""


def _count(who: Context) -> int:
    """With how many."""
    count = who.request.query_params.get("n", "")
    return int(count) if count.isascii() and count.isdecimal() and len(count) < 5 else 0


def _handlings() -> list[tuple[str, str]]:
    """(value, name of the word) of what may be chosen beside those that are not resolved."""
    return [*((name, name) for name in HANDLINGS), (",".join(HANDLINGS), "all")]


def _handling_of(who: Context, alert: OutwardAlert) -> str:
    """As it is read now."""
    return handling_at(cast("Handling", alert.handling), alert.acknowledged_until, who.now())


async def _place(who: Context) -> str | None:
    """From where the list goes on; None where the log cannot be read now: the list is shown all the same."""
    try:
        return await who.portal.feed.recent_place()
    except Problem:
        return None


@router.get("/alerts/{alert}", action="alert.read")
async def alert(who: Who, alert: AlertId) -> Response:
    """Why it was raised, with the values that the rule looked at, what it rests on, the first of the listings that it
    covers, and every change of it.
    """
    return await alert_page(who, await current_of(who, alert))


async def alert_page(
    who: Context, current: Current, *, status: int = 200, wrong: str = "", given: Mapping[str, str] | None = None
) -> Response:
    """The page of one. `wrong`: why what was just wanted was not done; `given`: what was filled in for it."""
    found = current.alert
    ids, named, page = found.evidence[:MOST_IDS], OfAlert(found.alert_id), Page(_SHOWN_CHANGES)
    history, events, covered, acts = await asyncio.gather(
        who.ask(lambda queries, scope: queries.alert_history(scope, named, page)),
        who.ask(lambda queries, scope: queries.events(scope, ids)),
        _covered(who, found),
        acts_of(who, found.alert_id),
    )
    log_read(who, f"alert {found.alert_id}")
    # the alert may know of an act before the table of acts does
    out = {each.act.event_id for each in current.pending}
    rule = next((rule for rule in built_in_rules() if rule.id == found.rule), None)
    return render(
        who,
        "alert.html",
        status=status,
        wrong=wrong,
        given=given or {},
        done=_done(who, *ACTS),
        pending=bool(current.pending),
        tag=current.tag,
        acts=[{**act, "pending": act["event_id"] in out} for act in acts[::-1]],
        may=_may(who, found),
        hours=HOURS,
        resolutions=RESOLUTIONS,
        longest_note=MOST_CHARACTERS,
        alert=found,
        rule=rule,
        values_=_values(found.triggering),
        changes=[outward(change) for change in history.rows][::-1] or [found],
        more=history.more,
        events=[plain(event) for event in events],
        known={event.evidence for event in events},
        findings=covered,
        handling_of=partial(_handling_of, who),
        facts_of=facts_of,
        alert_address=alert_address,
        chain_address=chain_address,
        subject_name=subject_name,
        subject_address=subject_address,
        trace_address=trace_address,
        timeline_address=timeline_address,
    )


async def _covered(who: Context, found: OutwardAlert) -> list[OutwardFinding]:
    """The first of the listings that it covers; none of one that is about a listing."""
    if found.listing_id is not None:
        return []
    wanted, page = FindingFilter(alert_id=found.alert_id), Page(_SHOWN_LISTINGS)
    covered = await who.ask(lambda queries, scope: queries.findings(scope, wanted, page))
    return [outward_finding(each) for each in covered.rows]


@router.get("/alerts/{alert}/listings", action="alert.read")
async def listings(who: Who, alert: AlertId, after: After = None) -> Response:
    """All that it covers: those that stand first."""
    found, page = await alert_of(who, alert), page_of(who, USUAL, after)
    wanted = FindingFilter(alert_id=found.alert_id)
    covered = await who.ask(lambda queries, scope: queries.findings(scope, wanted, page))
    log_read(who, f"alert {found.alert_id}")
    return render(
        who,
        "alert_listings.html",
        alert=found,
        findings=[outward_finding(each) for each in covered.rows],
        cursor=next_cursor(who, covered),
        present=after,
        alert_address=alert_address,
        chain_address=chain_address,
        subject_name=subject_name,
    )


def _values(triggering: Any) -> list[tuple[str, str]]:
    """Of the rule's columns, by name, as text."""
    if not isinstance(triggering, dict):
        return [("", str(triggering))] if triggering else []
    return [
        (name, value if isinstance(value, str) else msgspec.json.encode(value).decode())
        for name, value in sorted(triggering.items())
    ]
