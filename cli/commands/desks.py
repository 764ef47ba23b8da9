"""`suyuan desks`: what comes to each desk, and whether that can be worked off."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from suyuan.access.scope import EVERYTHING
from suyuan.cli.drawing.desks import draw_desks
from suyuan.cli.options import AsJson, Data, refuse_no_division
from suyuan.cli.screen import print_json, show_records
from suyuan.queries.answers import each_plain
from suyuan.queries.api import OfDesks
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import load


def desks(
    data: Data = None,
    under: Annotated[
        str,
        typer.Option(metavar="DIGITS", help="Only those of a division, by its first digits: 33.", show_default=False),
    ] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """List desks with the alerts that wait there, that came today and on the mean of the seven days before, that were
    dealt with, all that per officer, and the rules that brought most; those over the alert budget first.

    The budget, SUYUAN_ALERT_BUDGET, is 30 alerts a desk and day. How many officers a desk has says the bureau's record.
    """
    refuse_no_division(under)
    settings = load(data=data)
    wanted = OfDesks(under, time.time_ns() // 1_000_000, settings.alert_budget)
    with deployment_of(settings).queries() as ask:
        found = ask.alert_budget(EVERYTHING, wanted)
    loads = list(each_plain(found.desks if found else ()))
    nothing = f"no desk of division {under} has alerts" if under else "no desk has alerts"
    if as_json:
        print_json(loads, nothing)
    else:
        show_records(draw_desks(loads), nothing)
