"""What was drawn, as pages show it: some orders of the public file, and who was recused from each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import msgspec

from suyuan.domain.checks.bodies import Order, Plan, Recusal
from suyuan.domain.checks.publication import ORDERS
from suyuan.queries.answers import DrawnListing

OF_A_PAGE = 50
_DECODER = msgspec.json.Decoder(Order)


class Drawn(NamedTuple):
    """An order. `number`: its place; `title`: of its listing, where that is shown; `notes`: numbers of the recusals
    that kept somebody from it.
    """

    number: int
    order: Order
    platform: str
    listing: str
    title: str | None
    notes: tuple[int, ...]


def read_orders(folder: Path, first: int) -> list[Order] | None:
    """Those from the `first` on, counted from 1; None: the file is not here."""
    try:
        with (folder / ORDERS).open("rb") as lines:
            return [_DECODER.decode(line) for line in islice(lines, first - 1, first - 1 + OF_A_PAGE)]
    except (OSError, msgspec.DecodeError):
        return None


def listing_of(order: Order) -> tuple[str, str]:
    """Platform and listing."""
    platform, _, listing = order.id.partition("/")
    return unquote(platform), unquote(listing)


def drawn(
    orders: Sequence[Order], first: int, plan: Plan, listings: Sequence[DrawnListing]
) -> tuple[list[Drawn], list[Recusal]]:
    """The rows of a page, and the recusals that their notes are of, the first of them note 1."""
    known: Mapping[tuple[str, str], DrawnListing] = {(each.platform_code, each.listing_id): each for each in listings}
    said: dict[Recusal, int] = {}
    rows = []
    for place, order in enumerate(orders, first):
        platform, listing = listing_of(order)
        found = known.get((platform, listing))
        parties = {platform, found.seller_code, found.producer_code} if found else {platform}
        notes = tuple(said.setdefault(recusal, len(said) + 1) for recusal in plan.recusals if recusal.code in parties)
        rows.append(Drawn(place, order, platform, listing, found.title if found else None, notes))
    return rows, list(said)
