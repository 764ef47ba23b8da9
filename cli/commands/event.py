"""`suyuan event`: what an event says, by its evidence id."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from suyuan.access.scope import EVERYTHING
from suyuan.cli.options import Data
from suyuan.cli.screen import print_json
from suyuan.domain.evidence import evidence_parts
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.dead_letters.place import Place
from suyuan.queries.answers import each_plain
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import load


def event(
    evidence: Annotated[
        str, typer.Argument(metavar="ID", help="As chains, gaps and alerts cite it; without ~ and what follows: any.")
    ],
    data: Data = None,
    *,
    raw: Annotated[
        bool, typer.Option("--raw", help="The bytes that came in, as long as the log holds them, instead.")
    ] = False,
) -> None:
    """Show what became of an event: every version that was taken in, and what was refused under its name and why.

    One JSON object a line, the first first.

    Exit code 1 where there is none; with --raw also where there are several.
    """
    if evidence_parts(evidence) is None:
        raise SuyuanError(f"{evidence!r} is no evidence id: kind/publisher/event_id~version", ErrorKind.USAGE)
    settings = load(data=data)
    with deployment_of(settings).queries() as ask:
        found = list(each_plain(ask.outcomes(EVERYTHING, evidence)))
    if not found:
        raise SuyuanError(f"no event is called {evidence}")
    if not raw:
        print_json(found)
        return
    if len(found) > 1:
        raise SuyuanError(f"{len(found)} events are called so: {', '.join(row['evidence'] for row in found)}")
    (row,) = found
    place = Place(f"in.{row['kind']}", row["source_partition"], row["source_offset"])
    sys.stdout.buffer.write(deployment_of(settings).raw_event(place))
    sys.stdout.buffer.flush()
