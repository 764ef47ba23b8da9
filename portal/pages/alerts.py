"""Alerts as pages: the list that goes on by itself, and one alert with why it was raised and what it rests on."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

import msgspec
from fastapi import Response

from suyuan.domain.rules.catalogue import built_in_rules
from suyuan.operations.alerts.filters import CONDITIONS, SEVERITIES
from suyuan.operations.alerts.outward import outward
from suyuan.portal.api.alerts import AlertId, Wanted, alert_of
from suyuan.portal.context import Context
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.pages.addresses import alert_address, chain_address, timeline_address, trace_address
from suyuan.portal.pages.event_facts import facts_of
from suyuan.portal.pages.rendering import render
from suyuan.portal.paging import USUAL, After, next_cursor, page_of
from suyuan.portal.problems import Problem
from suyuan.portal.read_log import log_read
from suyuan.queries.answers import plain
from suyuan.queries.api import OfAlert, Page
from suyuan.queries.sql.evidence import MOST_IDS

router = GuardedRouter()

FILTERS = ("severity", "condition", "rule", "bureau", "platform", "seller", "subject", "since")
_SHOWN_CHANGES = 50


@router.get("/alerts", action="alert.list")
async def alerts(who: Who, wanted: Wanted, after: After = None) -> Response:
    """The newest first; the first page goes on by itself."""
    page = page_of(who, USUAL, after)
    asked = {name: who.request.query_params.get(name, "") for name in FILTERS}
    place = None if after else await _place(who)  # before the tables are asked: what they lack comes by the stream
    # whether an alert stands is what changes: the stream tells of those as well that stand no more
    told = {name: text for name, text in asked.items() if text and name != "condition"}
    found = await who.ask(lambda queries, scope: queries.alerts(scope, wanted, page))
    log_read(who, "alerts")
    chosen = {name: text for name, text in asked.items() if text}
    return render(
        who,
        "alerts.html",
        asked=asked,
        chosen=chosen,
        rows=[outward(alert) for alert in found.rows],
        stream=None if place is None else f"/api/v1/alerts/live?{urlencode({**told, 'after': place})}",
        severities=SEVERITIES[::-1],
        conditions=tuple(CONDITIONS),
        rules=[rule.id for rule in built_in_rules()],
        cursor=next_cursor(who, found),
        present=after,
        export=f"/api/v1/alerts/export?{urlencode(chosen)}",
        alert_address=alert_address,
        chain_address=chain_address,
    )


async def _place(who: Context) -> str | None:
    """From where the list goes on; None where the log cannot be read now: the list is shown all the same."""
    try:
        return await who.portal.feed.recent_place()
    except Problem:
        return None


@router.get("/alerts/{alert}", action="alert.read")
async def alert(who: Who, alert: AlertId) -> Response:
    """Why it was raised, with the values that the rule looked at, what it rests on, and every change of it."""
    found = await alert_of(who, alert)
    ids, named, page = found.evidence[:MOST_IDS], OfAlert(found.alert_id), Page(_SHOWN_CHANGES)
    history, events = await asyncio.gather(
        who.ask(lambda queries, scope: queries.alert_history(scope, named, page)),
        who.ask(lambda queries, scope: queries.events(scope, ids)),
    )
    log_read(who, f"alert {found.alert_id}")
    rule = next((rule for rule in built_in_rules() if rule.id == found.rule), None)
    return render(
        who,
        "alert.html",
        alert=found,
        rule=rule,
        values_=_values(found.triggering),
        changes=[outward(change) for change in history.rows][::-1] or [found],
        more=history.more,
        events=[plain(event) for event in events],
        known={event.evidence for event in events},
        facts_of=facts_of,
        chain_address=chain_address,
        trace_address=trace_address,
        timeline_address=timeline_address,
    )


def _values(triggering: Any) -> list[tuple[str, str]]:
    """Of the rule's columns, by name, as text."""
    if not isinstance(triggering, dict):
        return [("", str(triggering))] if triggering else []
    return [
        (name, value if isinstance(value, str) else msgspec.json.encode(value).decode())
        for name, value in sorted(triggering.items())
    ]
