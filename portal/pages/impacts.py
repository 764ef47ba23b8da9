"""The impact of a recall as a page: what is still on sale, who has some, and how long ago it was published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import Path, Query, Response

from suyuan.portal.api.impacts import impact_of
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.moments import KnownAt, ms_of
from suyuan.portal.pages.addresses import chain_address, impact_address, search_address, trace_address
from suyuan.portal.pages.rendering import render
from suyuan.queries.answers import LotName
from suyuan.queries.hops import NodeKey
from suyuan.queries.impact import Impact, TouchedListing
from suyuan.runtime.spreadsheet import csv_lines

router = GuardedRouter()

SHOWN = 200
"""rows of each table; a file of all has the others too"""
FATES = ("on_sale", "relisted", "changed", "removed")
"""what listings do now: those first that somebody has to see to"""
_LISTING = TouchedListing.__struct_fields__
_LOT = ("producer_code", "gtin", "lot", "depth", "quantity")
_HOLDER = ("holder", "name", "status", "division", "received", "sent", "held", "outside")
COLUMNS = ("what", *_LISTING, *_LOT, *_HOLDER)
"""of the file: its rows are listings, holders and lots, each with its own columns"""


@router.get("/impact/{producer}/{recall:path}", action="trace.read")
async def impact(
    who: Who,
    producer: Annotated[str, Path(max_length=64)],
    recall: Annotated[str, Path(max_length=200)],
    known_at: KnownAt = None,
    form: Annotated[Literal["csv"] | None, Query(alias="format")] = None,
) -> Response:
    """As it is, or as it was known."""
    found = await impact_of(who, producer, recall, known_at)
    if form == "csv":
        return Response("".join(csv_lines(COLUMNS, _rows(found))), media_type="text/csv; charset=utf-8")
    moment = ms_of(known_at, "known_at")
    return render(
        who,
        "impact.html",
        impact=found,
        listings=sorted(found.listings, key=lambda each: (FATES.index(each.fate), each.certainty)),
        counts=Counter((each.certainty, each.fate) for each in found.listings),
        elapsed=elapsed((who.now() if moment is None else moment) - found.happened_at),
        known_at=known_at,
        shown=SHOWN,
        lot_address=lambda lot: _lot_address(lot, known_at),
        chain_address=chain_address,
        search_address=search_address,
        impact_address=impact_address,
    )


def elapsed(ms: int) -> tuple[str, dict[str, int]]:
    """How long ago: the name of its words, and what they are filled with. Clocks that differ give no less than
    nothing.
    """
    minutes = max(ms, 0) // 60_000
    hours, days = minutes // 60, minutes // 1_440
    if days:
        return "days", {"days": days, "hours": hours % 24}
    return "hours", {"hours": hours, "minutes": minutes % 60}


def _lot_address(lot: LotName, known_at: str | None) -> str:
    moment = {"known_at": known_at} if known_at else {}
    return trace_address(str(NodeKey("lot", (lot.producer_code, lot.gtin, lot.lot))), **moment)


def _rows(found: Impact) -> Iterator[dict[str, Any]]:
    nothing = dict.fromkeys(COLUMNS)
    for listing in found.listings:
        yield nothing | {"what": "listing"} | {name: getattr(listing, name) for name in _LISTING}
    for holder in found.holders:
        row = nothing | {"what": "holder"} | {name: getattr(holder, name) for name in _HOLDER}
        yield row | _named(holder.lot)
    for lot in found.lots:
        row = {name: getattr(lot, name) for name in ("depth", "quantity", "name", "division", "outside")}
        yield nothing | {"what": "lot"} | row | _named(lot.key)


def _named(lot: LotName) -> dict[str, str]:
    return {"producer_code": lot.producer_code, "gtin": lot.gtin, "lot": lot.lot}
