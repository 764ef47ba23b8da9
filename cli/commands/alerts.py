"""`suyuan alerts`: what was raised, and what is raised from now on."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import typer

from suyuan.access.scope import EVERYTHING
from suyuan.cli.drawing.alerts import alert_fields, alert_line, draw_alerts
from suyuan.cli.options import AsJson, Data
from suyuan.cli.screen import console, print_json, put_fields, say, show_records
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.alert_feed import changes
from suyuan.queries.answers import each_plain, plain
from suyuan.queries.api import AlertFilter, Queries
from suyuan.queries.questions import EVERY_ALERT
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import load

_SHOWN = 50
_POLL = 1.0
"""seconds between two looks"""
_SEVERITIES = ("low", "medium", "high", "critical")
_STATES = ("raised", "cleared")


def alerts(
    data: Data = None,
    severity: Annotated[str | None, typer.Option(help="Only these: low, medium, high, critical.")] = None,
    state: Annotated[str | None, typer.Option(help="Only these: raised, cleared.")] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1, help=f"At most so many, the newest first; default {_SHOWN}, with --json all.", show_default=False
        ),
    ] = None,
    *,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what is raised, changed or cleared.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List alerts, the newest first; with --follow, their changes as they come."""
    for option, value, values in (("--severity", severity, _SEVERITIES), ("--state", state, _STATES)):
        if value is not None and value not in values:
            raise SuyuanError(f"{option} {value}: not one of {', '.join(values)}", ErrorKind.USAGE)
    wanted = AlertFilter(severity=severity, state=state)
    with deployment_of(load(data=data)).queries() as ask:
        if follow:
            _follow(ask, wanted, as_json=as_json)
            return
        limit = limit or (None if as_json else _SHOWN)
        found = each_plain(ask.export(EVERY_ALERT, EVERYTHING, wanted, limit))
        nothing = _none(severity, state)
        if as_json:
            print_json(found, nothing)
        else:
            show_records(draw_alerts(found), nothing)


def _none(severity: str | None, state: str | None) -> str:
    wanted = [f"{name} {value}" for name, value in (("severity", severity), ("state", state)) if value]
    return f"no alert has {' and '.join(wanted)}" if wanted else "no alerts"


def _follow(ask: Queries, wanted: AlertFilter, *, as_json: bool) -> None:
    """Changes from now on."""
    screen, lines = console(), 0
    told = ""

    def away(why: str) -> None:
        nonlocal told
        if why != told:
            say(f"waiting: {why}")
            told = why

    for each in changes(ask, EVERYTHING, wanted, away):
        if each is None:
            sys.stdout.flush()
            time.sleep(_POLL)
            continue
        change = plain(each)
        if as_json:
            print_json([change])
        elif screen.is_terminal:
            screen.print(alert_line(change), soft_wrap=True)
        else:
            for values in alert_fields([change], heading=not lines):
                put_fields(values)
            lines += 1
