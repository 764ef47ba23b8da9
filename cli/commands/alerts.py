"""`suyuan alerts`, `suyuan alert`: what was raised and why, and what is raised from now on."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import Annotated, Any

import typer

from suyuan.access.scope import EVERYTHING
from suyuan.cli.acting import BY, act_on, wish
from suyuan.cli.drawing.alerts import alert_fields, alert_line, draw_alert, draw_alerts, draw_findings
from suyuan.cli.options import AsJson, Data, Kafka
from suyuan.cli.screen import console, print_json, put, put_fields, say, show, show_records
from suyuan.cli.since import WHEN, since_ms, until_ms
from suyuan.domain.alerts.acts import ACTS, RESOLUTIONS
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.alerts.filters import BadFilter, read_filter
from suyuan.operations.alerts.follow import follow
from suyuan.operations.alerts.outward import TOPIC
from suyuan.queries.answers import each_plain, plain
from suyuan.queries.api import AlertFilter, FindingFilter, OfAlert, Page
from suyuan.queries.paging import MOST_ROWS, walk
from suyuan.queries.questions import EVERY_ALERT, EVERY_FINDING
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import Settings, load

_SHOWN = 50
_SHOWN_LISTINGS = 20
_POLL = 1.0
"""seconds between two looks"""
_STATES = ("raised", "cleared")
_SEVERAL = "several with commas"


def _some(text: str) -> Any:
    return typer.Option(help=f"{text}; {_SEVERAL}.", show_default=False)


def alerts(
    data: Data = None,
    severity: Annotated[str | None, _some("Only these: low, medium, high, critical")] = None,
    state: Annotated[
        str | None, typer.Option(help="Only these: raised (they stand), cleared.", show_default=False)
    ] = None,
    rule: Annotated[str | None, _some("Only those of this rule")] = None,
    bureau: Annotated[str | None, _some("Only those that a bureau is in charge of, by first digits")] = None,
    platform: Annotated[str | None, _some("Only those of listings of this platform, by its code")] = None,
    seller: Annotated[str | None, _some("Only those of this seller, by its code")] = None,
    handling: Annotated[str | None, _some("Only these: open, acknowledged, assigned, resolved")] = None,
    assignee: Annotated[str | None, _some("Only those that this account or unit has")] = None,
    subject: Annotated[
        str | None,
        typer.Option(metavar="NODE", help="Only those about this: lot:PRODUCER/GTIN/LOT.", show_default=False),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help=f"Only those raised since: {WHEN}.", show_default=False)
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1, help=f"At most so many, the newest first; default {_SHOWN}, with --json all.", show_default=False
        ),
    ] = None,
    *,
    listings: Annotated[
        bool, typer.Option("--listings", help="The listings that the alerts cover, and what was found about each.")
    ] = False,
    following: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what is raised, changed or cleared.")
    ] = False,
    after: Annotated[
        str | None,
        typer.Option(
            metavar="CURSOR",
            help="With --follow: what came behind this place, as another --follow or a stream of the portal told it.",
            show_default=False,
        ),
    ] = None,
    kafka: Kafka = None,
    as_json: AsJson = False,
) -> None:
    """List alerts, the newest first; with --follow, their changes as they come; with --listings, what they cover."""
    if state is not None and state not in _STATES:
        raise SuyuanError(f"--state {state}: not one of {', '.join(_STATES)}", ErrorKind.USAGE)
    given = {"severity": severity, "rule": rule, "bureau": bureau, "platform": platform, "seller": seller}
    given |= {"handling": handling, "assignee": assignee, "subject": subject}
    try:
        chosen = read_filter(**given, since=None if since is None else since_ms(since))
    except BadFilter as error:
        text = given.get(error.field)
        raise SuyuanError(f"--{error.field} {text}: {error.why}", ErrorKind.USAGE) from None
    wanted = replace(chosen, state=state)
    settings = load(data=data, kafka=kafka)
    if following and listings:
        raise SuyuanError("--listings tells how it stands: without --follow", ErrorKind.USAGE)
    if following:
        _follow(settings, wanted, after, as_json=as_json)
        return
    if after is not None:
        raise SuyuanError("--after goes with --follow: lists begin with the newest", ErrorKind.USAGE)
    with deployment_of(settings).queries() as ask:
        limit = limit or (None if as_json else _SHOWN)
        nothing = _none(**given, state=state, since=since)
        if listings:
            of = FindingFilter(alerts=wanted, standing=None if state is None else state == "raised")
            found = each_plain(ask.export(EVERY_FINDING, EVERYTHING, of, limit))
        else:
            found = each_plain(ask.export(EVERY_ALERT, EVERYTHING, wanted, limit))
        if as_json:
            print_json(found, nothing)
        else:
            show_records(draw_findings(found) if listings else draw_alerts(found), nothing)


def alert(
    alert_id: Annotated[str, typer.Argument(metavar="ID", help="As alerts --json tells it.")],
    act: Annotated[
        str | None, typer.Argument(metavar="[ACT]", help=f"What to do with it: {', '.join(ACTS)}.", show_default=False)
    ] = None,
    data: Data = None,
    note: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="With any act: why; a comment is nothing else.", show_default=False),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN",
            help="With acknowledge: for how long, at most 30 days: 90m, 12h, 3d, or a time with its offset from UTC.",
            show_default=False,
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="WHO", help="With assign: an account, or a bureau by its division's six digits.", show_default=False
        ),
    ] = None,
    as_: Annotated[
        str | None,
        typer.Option("--as", metavar="WHAT", help=f"With resolve: {', '.join(RESOLUTIONS)}.", show_default=False),
    ] = None,
    *,
    takedown: Annotated[
        bool, typer.Option("--takedown", help="With resolve --as confirmed: the offer is to be taken down.")
    ] = False,
    actor: Annotated[str, typer.Option(metavar="WHO", help="With any act: the account that acts.")] = BY,
    kafka: Kafka = None,
    as_json: AsJson = False,
) -> None:
    """Show one alert: what it is about and why it was raised, what it rests on, the first 20 of the listings that it
    covers, who is in charge and why, every change of it, and what people did with it and wrote. With ACT do something
    with it: it is in the log then, and counts as soon as the stages have read it.

    Exit code 1 where there is none.
    """
    settings = load(data=data, kafka=kafka)
    if act is not None:
        moment = None if until is None else until_ms(until)
        wanted = wish(act, note=note, until=moment, to=to, as_=as_, takedown=takedown)
        doing = act_on(deployment_of(settings), alert_id, wanted, actor)
        told = {"alert_id": alert_id, "act": act, "event_id": doing.act.event_id, "outcome": doing.outcome}
        if as_json:
            print_json([{**told, "handling": doing.after.handling}])
        else:
            put(f"{act} {alert_id}: {doing.after.handling}")
            if doing.outcome == "lapsed":
                say("a listing is dated later than that, so the alert stands open again at once")
        return
    if any((note, until, to, as_, takedown)):
        raise SuyuanError(f"what is to be done? suyuan alert {alert_id} ACT, one of {', '.join(ACTS)}", ErrorKind.USAGE)
    named = OfAlert(alert_id)
    with deployment_of(settings).queries() as ask:
        found = ask.alert(EVERYTHING, named)
        if found is None:
            raise SuyuanError(f"no alert is called {alert_id}")
        of = FindingFilter(alert_id=found.alert_id)
        findings = list(each_plain(ask.findings(EVERYTHING, of, Page(_SHOWN_LISTINGS)).rows))
        changes = each_plain(walk(lambda page: ask.alert_history(EVERYTHING, named, page), MOST_ROWS))
        acts = list(each_plain(ask.alert_acts(EVERYTHING, named)))
        if as_json:
            print_json([{**plain(found), "findings": findings, "history": list(changes), "acts": acts}])
        else:
            show(draw_alert(plain(found), findings, changes, acts))


def _none(**given: str | None) -> str:
    wanted = [f"{name} {value}" for name, value in given.items() if value]
    return f"no alert has {' and '.join(wanted)}" if wanted else "no alerts"


def _follow(settings: Settings, wanted: AlertFilter, after: str | None, *, as_json: bool) -> None:
    """Changes from now on, or behind a place."""
    screen, lines, place = console(), 0, after
    told = ""

    def away(why: str) -> None:
        nonlocal told
        if why != told:
            say(f"waiting: {why}")
            told = why

    tail_of = deployment_of(settings).tail
    try:
        for each in follow(lambda first: tail_of([TOPIC], first), EVERYTHING, wanted, after, away):
            if each is None:
                sys.stdout.flush()
                if told:
                    time.sleep(_POLL)
                continue
            change, place, told = plain(each.alert), each.place, ""
            if as_json:
                print_json([{**change, "cursor": place}])
            elif screen.is_terminal:
                screen.print(alert_line(change), soft_wrap=True)
            else:
                for values in alert_fields([change], heading=not lines):
                    put_fields(values)
                lines += 1
    finally:
        if place is not None and not as_json:
            say(f"to go on from here: suyuan alerts --follow --after {place}")
