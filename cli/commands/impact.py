"""`suyuan impact`: what a recall touches, and what became of it."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from suyuan.access.scope import EVERYTHING
from suyuan.cli.drawing.impact import draw_impact
from suyuan.cli.names import code_fault
from suyuan.cli.options import AsJson, Data, KnownAt, ms_of
from suyuan.cli.screen import print_json, show
from suyuan.domain.identifiers.normal_form import code_form, number_form
from suyuan.errors import SuyuanError
from suyuan.queries.answers import plain
from suyuan.queries.api import OfRecall
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import load


def impact(
    producer: Annotated[str, typer.Argument(help="Credit code of whose goods are recalled.")],
    recall: Annotated[str, typer.Argument(help="Number of the recall.")],
    data: Data = None,
    known_at: KnownAt = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show what a recall touches: every lot under it or made from such, who holds how much, and the listings that sell
    it for certain or possibly, with what became of them since it was published.
    """
    wanted = OfRecall(code_form(producer) or "", number_form(recall) or "")
    with deployment_of(load(data=data)).queries() as ask:
        answer = ask.impact(EVERYTHING, wanted, ms_of(known_at))
    if answer is None:
        then = " then" if known_at is not None else ""
        raise SuyuanError(f"no recall {recall} of {producer} is known{then}{code_fault(producer)}")
    found = plain(answer)
    if as_json:
        print_json([found])
    else:
        show(draw_impact(found, int(time.time() * 1000)))
