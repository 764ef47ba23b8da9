"""`suyuan trace`: back to what a lot was made of, forward to where it went."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from suyuan.access.scope import EVERYTHING
from suyuan.cli.drawing.graph import draw_graph
from suyuan.cli.drawing.trace import draw_back, draw_forward
from suyuan.cli.names import code_fault, first_known, gtin_fault
from suyuan.cli.options import AsJson, Data, HappenedBy, KnownAt, ms_of
from suyuan.cli.screen import print_json, show
from suyuan.domain.identifiers.gtin import LENGTHS, gtin_form, normalise_gtin
from suyuan.domain.identifiers.normal_form import code_form, number_form, text_form
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.answers import plain
from suyuan.queries.api import FromNode, OfListing, OfLot, OfProducer, OfProduct
from suyuan.queries.hops import MOST_EDGES, MOST_HOPS, NodeKey
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import load

app = typer.Typer(help="Trace a lot back to its inputs, or forward to everybody who has it.", no_args_is_help=True)

_BACK = "name a listing: PLATFORM LISTING; or a lot: PRODUCER GTIN LOT"
Names = Annotated[list[str], typer.Argument(metavar="NAME…", show_default=False)]


@app.command()
def back(
    subject: Names,
    data: Data = None,
    known_at: KnownAt = None,
    happened_by: HappenedBy = None,
    *,
    as_json: AsJson = False,
) -> None:
    """From PLATFORM LISTING, or from the lot PRODUCER GTIN LOT, to everything that it was made of."""
    match subject:
        case [platform, listing]:
            wanted: OfListing | OfLot = OfListing(_code(platform), number_form(listing) or "")
        case [producer, gtin, lot] if normalise_gtin(gtin)[1] not in {"digits", "length"}:
            wanted = OfLot(_code(producer), _gtin(gtin), text_form(lot) or "")
        case [_, gtin, _]:
            raise SuyuanError(f"{_BACK}{gtin_fault(gtin)}", ErrorKind.USAGE)
        case _:
            raise SuyuanError(_BACK, ErrorKind.USAGE)
    moments = (ms_of(known_at), ms_of(happened_by))
    with deployment_of(load(data=data)).queries() as ask:
        trace = ask.trace_back(EVERYTHING, wanted, *moments)
        found = None if trace is None else plain(trace)
        if isinstance(wanted, OfLot) and not _is_known(found, of_lot=True):
            found = None
            if ask.chain(EVERYTHING, OfListing(wanted.producer_code, number_form(subject[1]) or "")) is not None:
                raise SuyuanError(f"{_BACK}; {subject[1]} is a listing, what is {subject[2]}?", ErrorKind.USAGE)
        why = "" if found is not None else first_known(ask, wanted, *moments)
    _answer(found, draw_back, subject, why, as_json=as_json)


@app.command()
def forward(
    subject: Names,
    data: Data = None,
    known_at: KnownAt = None,
    happened_by: HappenedBy = None,
    *,
    as_json: AsJson = False,
) -> None:
    """From a lot PRODUCER GTIN LOT, a product GTIN, or a PRODUCER: what became of it, who has it, who sells it."""
    match subject:
        case [producer, gtin, lot]:
            wanted: OfLot | OfProduct | OfProducer = OfLot(_code(producer), _gtin(gtin), text_form(lot) or "")
        case [name] if _is_gtin(name):
            wanted = OfProduct(_gtin(name))
        case [producer]:
            wanted = OfProducer(_code(producer))
        case _:
            raise SuyuanError("name a lot: PRODUCER GTIN LOT; a product: GTIN; or a PRODUCER", ErrorKind.USAGE)
    moments = (ms_of(known_at), ms_of(happened_by))
    with deployment_of(load(data=data)).queries() as ask:
        trace = plain(ask.trace_forward(EVERYTHING, wanted, *moments))
        found = trace if _is_known(trace, of_lot=len(subject) == 3) else None
        why = "" if found is not None else first_known(ask, wanted, *moments)
    _answer(found, draw_forward, subject, why, as_json=as_json)


@app.command()
def hop(
    node: Annotated[str, typer.Argument(metavar="NODE", help="For example lot:PRODUCER/GTIN/LOT.", show_default=False)],
    data: Data = None,
    hops: Annotated[int, typer.Option(min=1, max=MOST_HOPS, help="How many hops to go.")] = 1,
    limit: Annotated[int, typer.Option(min=1, max=MOST_EDGES, help="At most so many edges.")] = MOST_EDGES,
    known_at: KnownAt = None,
    happened_by: HappenedBy = None,
    *,
    backward: Annotated[bool, typer.Option("--back", help="Where it comes from, instead of where it went.")] = False,
    as_json: AsJson = False,
) -> None:
    """From a node of the graph to what is next to it: nodes, edges with quantities, and how many are next to each of
    these (+N).

    Nodes are called listing:PLATFORM/LISTING, lot:PRODUCER/GTIN/LOT, product:GTIN, producer:CODE (what it made),
    holder:CODE (what it was sent), entity:CODE (both, and what it sells); % and / in a part are written %25 and %2F.
    """
    key = NodeKey.parse(node)
    wanted = FromNode(str(key), "back" if backward else "forward", hops, limit)
    moments = (ms_of(known_at), ms_of(happened_by))
    with deployment_of(load(data=data)).queries() as ask:
        graph = ask.hop(EVERYTHING, wanted, *moments)
    if graph is None:
        raise SuyuanError(f"nothing is known of {node}{' then' if moments != (None, None) else ''}")
    found = plain(graph)
    if as_json:
        print_json([found])
    else:
        show(draw_graph(found))


def _is_known(trace: Mapping[str, Any] | None, *, of_lot: bool) -> bool:
    """Whether anything was recorded of what the trace begins with, or made of it. What is said of every lot of a
    product, and who sells it without naming one, says nothing of a lot that was asked for.
    """
    if trace is None:
        return False
    offers = trace.get("offers", ())
    if trace["links"] or trace.get("holdings") or any(not of_lot or each["certainty"] == "certain" for each in offers):
        return True
    return any(
        lot["record"]
        or any(inspection["lot"] for inspection in lot["inspections"])
        or any(recall["lots"] for recall in lot["recalls"])
        for lot in trace["lots"]
    )


def _answer(
    found: Mapping[str, Any] | None,
    draw: Callable[[Mapping[str, Any]], RenderableType],
    subject: Sequence[str],
    why: str,
    *,
    as_json: bool,
) -> None:
    if found is None:
        nothing = "no lot or listing" if len(subject) == 1 else "nothing"
        raise SuyuanError(f"{nothing} is known of {' '.join(subject)}{why or _faults(subject)}")
    if as_json:
        print_json([found])
    else:
        show(draw(found))


def _faults(subject: Sequence[str]) -> str:
    """What is wrong with the names, where something is."""
    match subject:
        case [code, gtin, _]:
            return code_fault(code) + gtin_fault(gtin)
        case [name] if _is_gtin(name):
            return gtin_fault(name)
        case _:
            return code_fault(subject[0])


def _is_gtin(name: str) -> bool:
    """Rather than a producer's code, though it may be mistyped: a code of digits alone has 18 of them."""
    number = code_form(name) or ""
    return number.isdecimal() and len(number) <= max(LENGTHS)


def _code(text: str) -> str:
    return code_form(text) or ""


def _gtin(text: str) -> str:
    return gtin_form(text) or ""
