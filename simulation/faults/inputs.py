"""Something is wrong with what the lot was made from, one to three steps back."""

from __future__ import annotations

from collections.abc import Callable

from suyuan.simulation.faults.recipe import Book
from suyuan.simulation.parties import Lot, Offer
from suyuan.simulation.trade import Trade

BOOK = Book()
_DEEPEST = 3


def _made_from(trade: Trade, first: Lot, depth: int) -> list[Offer]:
    lot = first
    for _ in range(depth):
        made = trade.lot(inputs=[lot])
        trade.shops.ship(lot, made.product.maker, hops=1)
        lot = made
    return [trade.shops.offer(trade.stocked(lot=lot), planted=True)]


def _recalled(depth: int) -> Callable[[Trade], list[Offer]]:
    def recipe(trade: Trade) -> list[Offer]:
        first = trade.lot()
        offers = _made_from(trade, first, depth)
        trade.workshop.recall(first.product, [first])
        return offers

    return recipe


def _failed(depth: int) -> Callable[[Trade], list[Offer]]:
    def recipe(trade: Trade) -> list[Offer]:
        first = trade.lot()
        offers = _made_from(trade, first, depth)
        trade.workshop.inspection(first.product, first, "fail", days_ago=1)
        return offers

    return recipe


for _depth in range(1, _DEEPEST + 1):
    BOOK.enter(f"input_recalled_depth_{_depth}", _recalled(_depth), "input_recalled")
    BOOK.enter(f"input_failed_depth_{_depth}", _failed(_depth), "input_failed")
