"""Something is wrong with the lot: unknown, expired, recalled, failed, not inspected."""

from __future__ import annotations

from suyuan.simulation.faults.recipe import Book
from suyuan.simulation.parties import Offer, Product
from suyuan.simulation.trade import Trade

BOOK = Book()


def _product(trade: Trade, *, type_tested: bool) -> Product:
    """A new product of a known producer."""
    model = trade.rng.choice(trade.makers.any().products)
    return trade.workshop.product(model.maker, model.category, model.licence_no, type_tested=type_tested)


@BOOK.fault("lot_undeclared")
def undeclared_lot(trade: Trade) -> list[Offer]:
    """The listing names the product, not the lot."""
    return [trade.shops.offer(trade.stocked(_product(trade, type_tested=True)), planted=True, lot=None)]


@BOOK.fault("lot_unknown")
def unknown_lot(trade: Trade) -> list[Offer]:
    """A lot that the producer never published."""
    stock = trade.stocked(_product(trade, type_tested=True))
    return [trade.shops.offer(stock, planted=True, lot=trade.scene.mint.number("X"))]


@BOOK.fault("lot_expired")
def expired_on_sale(trade: Trade) -> list[Offer]:
    """The lot has expired when it is put up."""
    product = _product(trade, type_tested=True)
    return [trade.shops.offer(trade.stocked(product, shelf_life=trade.rng.randint(3, 14)), planted=True)]


@BOOK.fault("lot_recalled")
def recalled_lot(trade: Trade) -> list[Offer]:
    """On sale at two shops; then the producer calls the lot back."""
    lot = trade.lot()
    offers = [trade.shops.offer(trade.stocked(lot=lot), planted=True) for _ in range(2)]
    trade.workshop.recall(lot.product, [lot])
    return offers


@BOOK.fault("lot_recalled")
def recalled_product(trade: Trade) -> list[Offer]:
    """The producer calls back every lot of a product, and names none."""
    product = _product(trade, type_tested=False)
    offers = [trade.shops.offer(trade.stocked(product, inspected=True), planted=True) for _ in range(2)]
    trade.workshop.recall(product, [])
    return offers


@BOOK.fault("recall_possible", also=("lot_undeclared",))
def perhaps_recalled(trade: Trade) -> list[Offer]:
    """A lot of the product is called back, and the listing does not say which lot it sells."""
    product = _product(trade, type_tested=True)
    stock = trade.stocked(product)
    trade.workshop.recall(product, [stock.lot])
    return [trade.shops.offer(stock, planted=True, lot=None)]


@BOOK.fault("inspection_failed")
def failed_inspection(trade: Trade) -> list[Offer]:
    """A lot passed at first; then a spot check finds it wanting."""
    lot = trade.lot()
    trade.workshop.inspection(lot.product, lot, "fail", days_ago=trade.rng.randint(1, 5))
    return [trade.shops.offer(trade.stocked(lot=lot), planted=True)]


@BOOK.fault("inspection_failed")
def failed_product(trade: Trade) -> list[Offer]:
    """The product failed as such, and the lot has no report of its own."""
    product = _product(trade, type_tested=False)
    trade.workshop.inspection(product, None, "fail", days_ago=trade.rng.randint(1, 30))
    return [trade.shops.offer(trade.stocked(product, inspected=False), planted=True)]


@BOOK.fault("uninspected")
def uninspected(trade: Trade) -> list[Offer]:
    """Neither the lot nor the product was ever inspected."""
    stock = trade.stocked(_product(trade, type_tested=False), inspected=False)
    return [trade.shops.offer(stock, planted=True)]
