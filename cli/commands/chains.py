"""`suyuan chains` and `suyuan chain`: what came out."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import Annotated

import typer

from suyuan.access.scope import EVERYTHING
from suyuan.cli.drawing.chain import draw_chain
from suyuan.cli.drawing.chains import draw_chains
from suyuan.cli.drawing.history import draw_history
from suyuan.cli.names import code_fault, first_known
from suyuan.cli.options import AsJson, Data, HappenedBy, KnownAt, ms_of
from suyuan.cli.screen import print_json, say, show, show_records
from suyuan.domain.chain.gaps import GAPS
from suyuan.domain.chain.verdict import VERDICTS
from suyuan.domain.identifiers.normal_form import code_form, number_form
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.answers import each_plain, plain
from suyuan.queries.api import ChainFilter, OfListing
from suyuan.queries.paging import walk
from suyuan.queries.questions import EVERY_CHAIN
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import load

_SHOWN = 50


def chains(
    data: Data = None,
    verdict: Annotated[str | None, typer.Option(help=f"Only these: {', '.join(VERDICTS)}.")] = None,
    gap: Annotated[str | None, typer.Option(help="Only chains with this gap, for example lot_recalled.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help=f"At most so many; default {_SHOWN}, with --json all.", show_default=False)
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the current trace chains, one of each listing."""
    _known("--verdict", verdict, VERDICTS)
    _known("--gap", gap, tuple(sorted(each.gap for each in GAPS)))
    wanted = ChainFilter(verdict=verdict, gap=gap)
    with deployment_of(load(data=data)).queries() as ask:
        some = limit or (None if as_json else _SHOWN + 1)
        found = each_plain(ask.export(EVERY_CHAIN, EVERYTHING, wanted, some))
        if as_json:
            print_json(found, _none(verdict, gap))
            return
        shown = list(islice(found, limit or _SHOWN))
        more = next(found, None) is not None
    show_records(draw_chains(shown), _none(verdict, gap))
    if more:
        say(f"the first {len(shown)} of more: --limit N shows N, --json all")


def chain(
    platform: Annotated[str, typer.Argument(help="Credit code of the platform.")],
    listing: Annotated[str, typer.Argument(help="The platform's number of the listing.")],
    data: Data = None,
    known_at: KnownAt = None,
    happened_by: HappenedBy = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Draw the trace chain of a listing: who, over which way, what is wrong, and what each part rests on."""
    moments = (ms_of(known_at), ms_of(happened_by))
    wanted = OfListing(code_form(platform) or "", number_form(listing) or "")
    with deployment_of(load(data=data)).queries() as ask:
        whole = ask.chain(EVERYTHING, wanted, *moments)
        why = "" if whole is not None else first_known(ask, wanted, *moments)
    if whole is None:
        raise SuyuanError(f"no chain of listing {listing} on platform {platform}{why or code_fault(platform)}")
    found = plain(whole)
    if as_json:
        print_json([found])
    else:
        show(draw_chain(found))


def history(
    platform: Annotated[str, typer.Argument(help="Credit code of the platform.")],
    listing: Annotated[str, typer.Argument(help="The platform's number of the listing.")],
    data: Data = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help=f"At most so many; default {_SHOWN}, with --json all.", show_default=False)
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Tell what the trace chain of a listing said from when on, the newest first: its verdict, the gaps that it gained
    (+) and lost (-), and the events that changed it.
    """
    wanted = OfListing(code_form(platform) or "", number_form(listing) or "")
    with deployment_of(load(data=data)).queries() as ask:
        found = each_plain(
            walk(partial(ask.chain_history, EVERYTHING, wanted), limit or (None if as_json else _SHOWN + 1))
        )
        shown = list(found)
    if not shown:
        raise SuyuanError(f"no chain of listing {listing} on platform {platform}{code_fault(platform)}")
    if as_json:
        print_json(shown)
        return
    more = limit is None and len(shown) > _SHOWN
    show(draw_history(shown[: limit or _SHOWN]))
    if more:
        say(f"the newest {_SHOWN} of more: --limit N shows N, --json all")


def _none(verdict: str | None, gap: str | None) -> str:
    wanted = [f"{name} {value}" for name, value in (("verdict", verdict), ("gap", gap)) if value]
    if wanted:
        return f"no chain has {' and '.join(wanted)}"
    return "no chains: publish listings, and let `suyuan run` (or workers and loaders) process them"


def _known(option: str, value: str | None, values: tuple[str, ...]) -> None:
    if value is not None and value not in values:
        raise SuyuanError(f"{option} {value}: not one of {', '.join(values)}", ErrorKind.USAGE)
