"""`suyuan find`: search from any identifier or name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from suyuan.access.scope import EVERYTHING
from suyuan.cli.drawing.found import draw_found, faults
from suyuan.cli.options import AsJson, Data
from suyuan.cli.screen import print_json, say, show_records
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.answers import plain
from suyuan.queries.found import Found
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import load


def find(
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TEXT…", show_default=False, help="What to look for; none, or -: lines of standard input."
        ),
    ] = None,
    data: Data = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Find what a credit code, GTIN, lot, licence, number of a listing, report, recall, note or decision, or a part of
    a name belongs to.

    A number alone is enough: where several issuers use it, all of them are shown. Of each group there are how many and
    the first five: entities and products, listings with the worst verdicts first, lots, records, alerts. A number that
    fails its checks says at which level and why, and which there is that it may have been meant to be. `--json`: one
    object for each text.

    Exit code 1 where nothing was found of any of them.
    """
    found: list[Found] = []
    with deployment_of(load(data=data)).queries() as ask:
        for text in _wanted(texts):
            found.append(ask.find(EVERYTHING, text))
            if as_json:  # each as it is found: there may be many lines
                print_json([plain(found[-1])])
    if not as_json:
        show_records(draw_found(found), "nothing is known of that")
        for each in found:
            for fault in faults(each):
                say(fault)
    if all(each.matched is None for each in found):
        raise typer.Exit(1)


def _wanted(texts: list[str] | None) -> Iterator[str]:
    if texts and texts != ["-"]:
        yield from texts
        return
    if sys.stdin.isatty() and not texts:
        raise SuyuanError("name what to look for, or give lines on standard input", ErrorKind.USAGE)
    lines = [line.strip() for line in sys.stdin.read().splitlines()]
    yield from dict.fromkeys(line for line in lines if line)
