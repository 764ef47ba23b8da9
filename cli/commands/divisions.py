"""`suyuan divisions`: how provinces, cities and counties compare."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from suyuan.access.scope import EVERYTHING
from suyuan.cli.drawing.divisions import draw_divisions
from suyuan.cli.options import AsJson, Data, refuse_no_division
from suyuan.cli.screen import print_json, show_records
from suyuan.domain.calendar import china_day
from suyuan.queries.answers import each_plain
from suyuan.queries.api import OfDivision
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import load


def divisions(
    data: Data = None,
    under: Annotated[
        str,
        typer.Option(
            metavar="DIGITS",
            help="First digits of a division: of 33 the cities, of 3301 the counties; without it the provinces.",
            show_default=False,
        ),
    ] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """List divisions with what is offered there, what the chains say, and alerts, the most serious first.

    A listing counts where it is sold (else where it was made), an alert where its bureau is.
    """
    refuse_no_division(under)
    wanted = OfDivision(under, china_day(time.time_ns() // 1_000_000))
    with deployment_of(load(data=data)).queries() as ask:
        found = ask.divisions(EVERYTHING, wanted)
    parts = list(each_plain(found.parts if found else ()))
    nothing = f"nothing is known of division {under}" if under else "no listings and no alerts"
    if as_json:
        print_json(parts, nothing)
    else:
        show_records(draw_divisions(parts), nothing)
