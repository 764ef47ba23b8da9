"""`suyuan trace`: back to what a lot was made of, forward to where it went."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from suyuan.cli.drawing.trace import draw_back, draw_forward
from suyuan.cli.drawing.words import CHINA
from suyuan.cli.exits import CommandError, Exit
from suyuan.cli.options import AsJson, Data
from suyuan.cli.reading import rows
from suyuan.cli.screen import console, print_json
from suyuan.cli.settings import load
from suyuan.domain.identifiers.gtin import normalise_gtin
from suyuan.domain.identifiers.uscc import normalise

app = typer.Typer(help="Trace a lot back to its inputs, or forward to everybody who has it.", no_args_is_help=True)

AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", help="As it was known then; China Standard Time unless it names an offset.", show_default=False
    ),
]
Names = Annotated[list[str], typer.Argument(metavar="NAME…", show_default=False)]


@app.command()
def back(subject: Names, data: Data = None, as_of: AsOf = None, *, as_json: AsJson = False) -> None:
    """From PLATFORM LISTING, or from the lot PRODUCER GTIN LOT, to everything that it was made of."""
    match subject:
        case [platform, listing]:
            wanted = [_code(platform), listing.strip()]
        case [producer, gtin, lot]:
            wanted = [_code(producer), _gtin(gtin), lot.strip()]
        case _:
            raise CommandError("name a listing: PLATFORM LISTING; or a lot: PRODUCER GTIN LOT", Exit.WRONG_USAGE)
    found = next(rows(load(data=data), "trace_back", subject=wanted, as_of=_ms(as_of)), None)
    _answer(found, draw_back, " ".join(subject), as_json=as_json)


@app.command()
def forward(subject: Names, data: Data = None, as_of: AsOf = None, *, as_json: AsJson = False) -> None:
    """From a lot PRODUCER GTIN LOT, a product GTIN, or a PRODUCER: what became of it, who has it, who sells it."""
    match subject:
        case [producer, gtin, lot]:
            wanted = {"producer_code": _code(producer), "gtin": _gtin(gtin), "lot": lot.strip()}
        case [name] if normalise_gtin(name)[0] is not None:
            wanted = {"gtin": _gtin(name)}
        case [producer]:
            wanted = {"producer_code": _code(producer)}
        case _:
            raise CommandError("name a lot: PRODUCER GTIN LOT; a product: GTIN; or a PRODUCER", Exit.WRONG_USAGE)
    found = next(rows(load(data=data), "trace_forward", subject=wanted, as_of=_ms(as_of)), None)
    _answer(found, draw_forward, " ".join(subject), as_json=as_json)


def _answer(
    found: Mapping[str, Any] | None, draw: Callable[[Mapping[str, Any]], RenderableType], subject: str, *, as_json: bool
) -> None:
    if found is None:
        raise CommandError(f"nothing is known of {subject}", Exit.FAILED)
    if as_json:
        print_json([found])
    else:
        console().print(draw(found))


def _code(text: str) -> str:
    return normalise(text) or ""


def _gtin(text: str) -> str:
    return normalise_gtin(text)[0] or text.strip()


def _ms(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=CHINA)).timestamp() * 1000)
