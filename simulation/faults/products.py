"""Something is wrong with the product or the licence to make it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from suyuan.simulation.faults.recipe import Book
from suyuan.simulation.goods import CATEGORIES, Category
from suyuan.simulation.parties import Offer, Product
from suyuan.simulation.trade import Trade

BOOK = Book()

_LICENSED = tuple(category for category in CATEGORIES if category.licence_scheme)
_SCHEME = "SC"


@BOOK.fault("product_undeclared")
def undeclared_product(trade: Trade) -> list[Offer]:
    """No GTIN, so no lot either."""
    return [trade.shops.offer(trade.stock.any(), planted=True, gtin=None, lot=None)]


@BOOK.fault("gtin_invalid")
def mistyped_gtin(trade: Trade) -> list[Offer]:
    """The check digit is wrong."""
    stock = trade.stock.any()
    gtin = stock.lot.product.gtin
    wrong = gtin[:-1] + str((int(gtin[-1]) + 3) % 10)
    return [trade.shops.offer(stock, planted=True, gtin=wrong)]


@BOOK.fault("gtin_restricted")
def weighed_in_the_shop(trade: Trade) -> list[Offer]:
    """The shop's own number, as its scales print it."""
    return [trade.shops.offer(trade.stock.any(), planted=True, gtin=trade.scene.mint.gtin_of_a_shop())]


@BOOK.fault("product_unknown")
def unknown_product(trade: Trade) -> list[Offer]:
    """A well-formed GTIN that no producer published."""
    return [trade.shops.offer(trade.stock.any(), planted=True, gtin=trade.scene.mint.gtin())]


@BOOK.fault("product_unknown", "broken_chain_sells_much")
def best_seller_of_unknown_product(trade: Trade) -> list[Offer]:
    """It sells in thousands, and no producer published the GTIN."""
    sold, gtin = trade.rng.randint(1000, 9000), trade.scene.mint.gtin()
    return [trade.shops.offer(trade.stock.any(), planted=True, gtin=gtin, sold_30d=sold)]


def _made(trade: Trade, category: Category, licence_no: str | None) -> list[Offer]:
    """A new producer without a licence of its own for what it makes; the listing names this one."""
    company = trade.registry.registered(category.trade)
    product = trade.workshop.product(company, category, licence_no)
    return [trade.shops.offer(trade.stocked(product), planted=True, licence_no=licence_no)]


@BOOK.fault("licence_missing")
def unlicensed(trade: Trade) -> list[Offer]:
    """Making it requires a licence, and the producer has none."""
    return _made(trade, trade.rng.choice(_LICENSED), None)


@BOOK.fault("licence_missing")
def licence_of_other_category_only(trade: Trade) -> list[Offer]:
    """The listing names no licence, and the producer's only one is for other goods."""
    category = trade.rng.choice(_LICENSED)
    company = trade.registry.registered(category.trade)
    trade.registry.licence(company, ["pharmaceutical"], _SCHEME)
    product = trade.workshop.product(company, category, None)
    return [trade.shops.offer(trade.stocked(product), planted=True, licence_no=None)]


@BOOK.fault("licence_unknown")
def invented_licence(trade: Trade) -> list[Offer]:
    """The listing names a licence that nobody issued."""
    return _made(trade, trade.rng.choice(_LICENSED), trade.scene.mint.licence_no(_SCHEME, "330106"))


@BOOK.fault("licence_of_other_holder")
def borrowed_licence(trade: Trade) -> list[Offer]:
    """The licence is somebody else's."""
    category = trade.rng.choice(_LICENSED)
    lender = trade.maker(category)
    return _made(trade, category, lender.products[0].licence_no)


@BOOK.fault("licence_not_in_force")
def expired_licence(trade: Trade) -> list[Offer]:
    """The licence ran out before the lot was made."""
    maker = trade.maker(trade.rng.choice(_LICENSED))
    return _under(trade, maker.products[0], days=(2500, trade.rng.randint(60, 400)))


@BOOK.fault("licence_not_in_force")
def suspended_licence(trade: Trade) -> list[Offer]:
    """The licence was suspended or revoked before the lot was made."""
    maker = trade.maker(trade.rng.choice(_LICENSED))
    return _under(trade, maker.products[0], status=trade.rng.choice(("suspended", "revoked")))


@BOOK.fault("licence_out_of_scope")
def licence_out_of_scope(trade: Trade) -> list[Offer]:
    """The licence is in force, but for other goods."""
    maker = trade.maker(trade.rng.choice(_LICENSED))
    return _under(trade, maker.products[0], categories=["pharmaceutical"])


def _under(trade: Trade, product: Product, categories: list[str] | None = None, **terms: Any) -> list[Offer]:
    """A listing that names a further licence of the producer, with these terms."""
    number = trade.registry.licence(product.maker, categories or [product.category.name], _SCHEME, **terms)
    stock = trade.stocked(replace(product, licence_no=number))
    return [trade.shops.offer(stock, planted=True, licence_no=number)]
