"""`suyuan feedback`: what a platform has to mend."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import islice
from typing import Annotated, Any

import typer

from suyuan.access.scope import EVERYTHING
from suyuan.cli.drawing.feedback import draw_feedback
from suyuan.cli.names import code_fault
from suyuan.cli.options import AsJson, Data
from suyuan.cli.screen import print_json, say, show_records
from suyuan.domain.chain.gaps import GAPS
from suyuan.domain.identifiers.normal_form import code_form
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.answers import each_plain
from suyuan.queries.api import FeedbackFilter
from suyuan.queries.questions import EVERY_FEEDBACK
from suyuan.queries.to_mend import COLUMNS, lines_to_mend
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import load
from suyuan.runtime.spreadsheet import csv_lines

_SHOWN = 50


def feedback(
    platform: Annotated[str, typer.Argument(help="Credit code of the platform.")],
    data: Data = None,
    gap: Annotated[str | None, typer.Option(help="Only this gap, for example lot_undeclared.")] = None,
    seller: Annotated[str | None, typer.Option(help="Only listings of this seller: a credit code.")] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1, help=f"At most so many lines; default {_SHOWN}, with --json and --csv all.", show_default=False
        ),
    ] = None,
    *,
    as_json: AsJson = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="A CSV file for a spreadsheet, with what would mend each in both languages.")
    ] = False,
) -> None:
    """List what a platform has to mend: each gap of each of its listings, and how it is mended.

    `fields` are those of the listing that the platform publishes anew; where there are none, only others can mend it,
    and the platform can tell the seller.
    """
    if as_json and as_csv:
        raise SuyuanError("--json or --csv, not both", ErrorKind.USAGE)
    if gap is not None and gap not in {each.gap for each in GAPS}:
        names = ", ".join(sorted(each.gap for each in GAPS))
        raise SuyuanError(f"--gap {gap}: not one of {names}", ErrorKind.USAGE)
    wanted = FeedbackFilter(code_form(platform) or platform, code_form(seller), gap=gap)
    with deployment_of(load(data=data)).queries() as ask:
        lines = lines_to_mend(each_plain(ask.export(EVERY_FEEDBACK, EVERYTHING, wanted)), gap)
        if as_json or as_csv:
            some = islice(lines, limit)
            if as_json:
                print_json(some, _none(platform))
            else:
                _print_csv(some)
            return
        shown = list(islice(lines, limit or _SHOWN))
        more = next(lines, None) is not None
    show_records(draw_feedback(shown), _none(platform))
    if more:
        say(f"the first {len(shown)} of more: --limit N shows N, --json and --csv all")


def _print_csv(lines: Iterable[dict[str, Any]]) -> None:
    """As UTF-8 with its mark, whatever the terminal's encoding is: it goes to a file."""
    for line in csv_lines(COLUMNS, lines):
        sys.stdout.buffer.write(line.encode())
    sys.stdout.flush()


def _none(platform: str) -> str:
    return f"platform {platform} has nothing to mend, or no such listings{code_fault(platform)}"
