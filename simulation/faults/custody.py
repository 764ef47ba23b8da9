"""Something is wrong on the way from the producer to the seller."""

from __future__ import annotations

from suyuan.simulation.calendar import HOUR_MS
from suyuan.simulation.faults.recipe import Book
from suyuan.simulation.parties import Offer, Stock
from suyuan.simulation.trade import Trade

BOOK = Book()


def _elsewhere(trade: Trade) -> Stock:
    """Stock that a shop claims to have, while the lot went to another."""
    real = trade.stocked()
    return Stock(trade.registry.registered(), real.lot, real.received)


@BOOK.fault("custody_missing")
def custody_missing(trade: Trade) -> list[Offer]:
    """Nothing shows how the lot came to the seller, who has sold nothing yet."""
    return [trade.shops.offer(_elsewhere(trade), planted=True, sold_30d=0)]


@BOOK.fault("custody_missing", also=("oversold",))
def sold_without_custody(trade: Trade) -> list[Offer]:
    """Nothing shows how the lot came to the seller, who sells plenty of it."""
    return [trade.shops.offer(_elsewhere(trade), planted=True, sold_30d=trade.rng.randint(1000, 5000))]


@BOOK.fault("custody_time_reversed")
def custody_time_reversed(trade: Trade) -> list[Offer]:
    """A distributor sent the lot on before it had it."""
    stock = trade.shops.ship(trade.lot(), trade.sellers.any(), hops=trade.rng.randint(2, 3), backwards=True)
    return [trade.shops.offer(stock, planted=True)]


@BOOK.fault("quantity_exceeded")
def more_sent_than_made(trade: Trade) -> list[Offer]:
    """The producer sends out more of a lot than it made."""
    lot = trade.lot()
    stock = trade.stocked(lot=lot)
    others = trade.registry.registered()
    sent_at = trade.scene.calendar.now - trade.rng.randint(2, 40) * HOUR_MS
    trade.shops.shipment(lot, lot.product.maker, others, lot.quantity, sent_at)
    return [trade.shops.offer(stock, planted=True)]


@BOOK.fault("quantity_exceeded")
def more_sent_than_received(trade: Trade) -> list[Offer]:
    """A distributor mixes in goods of another origin: it sends on more than it got."""
    lot = trade.lot()
    mixer, seller = trade.registry.registered("供应链管理"), trade.sellers.any()
    got = trade.shops.ship(lot, mixer, hops=1)
    sent_at = trade.scene.calendar.now - trade.rng.randint(2, 40) * HOUR_MS
    stock = Stock(seller, lot, got.received * 3)
    trade.shops.shipment(lot, mixer, seller, stock.received, sent_at)
    return [trade.shops.offer(stock, planted=True)]


@BOOK.fault("oversold")
def oversold(trade: Trade) -> list[Offer]:
    """The seller sells more than it received."""
    stock = trade.stocked()
    return [trade.shops.offer(stock, planted=True, sold_30d=stock.received * trade.rng.randint(2, 9) + 1)]
