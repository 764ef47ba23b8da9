"""Something is wrong with the seller."""

from __future__ import annotations

from dataclasses import replace

from suyuan.simulation.faults.recipe import Book
from suyuan.simulation.minting import wrong_check
from suyuan.simulation.parties import Company, Offer
from suyuan.simulation.trade import Trade

BOOK = Book()


def _sold_by(trade: Trade, seller: Company) -> list[Offer]:
    return [trade.shops.offer(trade.stocked(seller=seller), planted=True)]


@BOOK.fault("seller_code_invalid")
def fake_seller_code(trade: Trade) -> list[Offer]:
    """The check character is wrong."""
    seller = trade.registry.company()
    return _sold_by(trade, replace(seller, code=wrong_check(seller.code)))


@BOOK.fault("seller_unregistered")
def unregistered_seller(trade: Trade) -> list[Offer]:
    """The code is well formed, but nobody registered it."""
    return _sold_by(trade, trade.registry.company())


@BOOK.fault("seller_inactive")
def inactive_seller(trade: Trade) -> list[Offer]:
    """Struck off some days ago, and still selling."""
    seller = trade.registry.registered()
    trade.registry.record(seller, trade.rng.choice(("revoked", "deregistered")), trade.rng.randint(1, 25))
    return _sold_by(trade, seller)


@BOOK.fault("seller_abnormal")
def abnormal_seller(trade: Trade) -> list[Offer]:
    """On the list of abnormal operations."""
    seller = trade.registry.registered()
    trade.registry.record(seller, "abnormal", trade.rng.randint(1, 25))
    return _sold_by(trade, seller)


@BOOK.fault("oversold", "penalised_seller_contradicted")
def penalised_seller_again(trade: Trade) -> list[Offer]:
    """A seller with a decision in force against it sells more than it received."""
    seller = trade.registry.registered()
    trade.registry.penalty(seller)
    stock = trade.stocked(seller=seller)
    return [trade.shops.offer(stock, planted=True, sold_30d=stock.received + 1)]


@BOOK.fault(None, "complaints_in_a_week", "complaints_in_a_month")
def complaints_burst(trade: Trade) -> list[Offer]:
    """The chain is in order, but a dozen buyers complain within a day.

    Read in one go, the week may be over before anybody looked; the month is longer than the simulation.
    """
    offers = _sold_by(trade, trade.registry.registered())
    for hours in range(12, 0, -1):
        trade.shops.complaint(offers[0], hours)
    return offers
