"""`suyuan unmatched`: records that were accepted and have no effect."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from suyuan.access.scope import EVERYTHING
from suyuan.cli.drawing.unmatched import draw_unmatched, reason
from suyuan.cli.options import AsJson, Data
from suyuan.cli.screen import print_json, say, show_records
from suyuan.domain.identifiers.normal_form import code_form
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.answers import each_plain
from suyuan.queries.api import UnmatchedFilter
from suyuan.queries.questions import EVERY_UNMATCHED
from suyuan.queries.sql import UNMATCHED_KINDS
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import load
from suyuan.runtime.unmatched_count import settled

_SHOWN = 50
_NOTHING = "every such record names what is known"


def unmatched(
    data: Data = None,
    kind: Annotated[str | None, typer.Option(help=f"Only these: {', '.join(UNMATCHED_KINDS)}.")] = None,
    publisher: Annotated[str | None, typer.Option(help="Only records of this publisher: a credit code.")] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1, help=f"At most so many, the newest first; default {_SHOWN}, with --json all.", show_default=False
        ),
    ] = None,
    *,
    everything: Annotated[
        bool,
        typer.Option(
            "--all", help="Also what was taken in within the last ten minutes: what it names may be on its way."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List records that were accepted and match nothing that is known, so that they have no effect.

    One line for each product, lot or input that a record names and nobody knows. Open recalls are listed for their
    product or, where that is known, each of their lots; failed inspections for their product or their lot; shipments of
    a quantity above 0 for their lot; lots for their product and each of their inputs.

    A product is known when the current record of its GTIN names that producer, a lot when there is a record of that
    producer, GTIN and lot number. GTINs for use inside one company name nothing known. A case's GTIN-14 is another
    number than that of what is in it.

    What is listed goes when what it names is published, or when it is itself corrected, closed or voided.
    """
    if kind is not None and kind not in UNMATCHED_KINDS:
        raise SuyuanError(f"--kind {kind}: not one of {', '.join(UNMATCHED_KINDS)}", ErrorKind.USAGE)
    wanted = UnmatchedFilter(
        kind,
        None if publisher is None else code_form(publisher) or publisher,
        None if everything else settled(),
    )
    nothing = _NOTHING if everything else f"{_NOTHING}, or came within the last ten minutes (--all)"
    with deployment_of(load(data=data)).queries() as ask:
        some = limit or (None if as_json else _SHOWN + 1)
        found = each_plain(ask.export(EVERY_UNMATCHED, EVERYTHING, wanted, some))
        if as_json:
            print_json(({**row, "reason": reason(row)} for row in found), nothing)
            return
        shown = list(islice(found, limit or _SHOWN))
        more = next(found, None) is not None
    show_records(draw_unmatched(shown), nothing)
    if more:
        say(f"the first {len(shown)} of more: --limit N shows N, --json all")
