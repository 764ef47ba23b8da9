"""Something is wrong with the producer."""

from __future__ import annotations

from suyuan.simulation.faults.recipe import Book
from suyuan.simulation.minting import wrong_check
from suyuan.simulation.parties import Company, Offer
from suyuan.simulation.trade import Trade

BOOK = Book()


def _made_by(trade: Trade, company: Company) -> list[Offer]:
    product = trade.maker(company=company).products[0]
    return [trade.shops.offer(trade.stocked(product), planted=True) for _ in range(trade.rng.randint(1, 2))]


@BOOK.fault("producer_undeclared")
def undeclared_producer(trade: Trade) -> list[Offer]:
    """The listing does not say who made it."""
    return [trade.shops.offer(trade.stock.any(), planted=True, producer_code=None, producer_name=None)]


@BOOK.fault("producer_undeclared", "producer_undeclared_sells_much")
def best_seller_without_producer(trade: Trade) -> list[Offer]:
    """It sells in thousands and does not say who made it."""
    sold = trade.rng.randint(1000, 9000)
    return [trade.shops.offer(trade.stock.any(), planted=True, producer_code=None, sold_30d=sold)]


@BOOK.fault("producer_code_invalid")
def fake_producer_code(trade: Trade) -> list[Offer]:
    """The check character is wrong; everything else is copied from a real chain."""
    stock = trade.stock.any()
    fake = wrong_check(trade.registry.company().code)
    return [trade.shops.offer(stock, planted=True, producer_code=fake)]


@BOOK.fault("producer_unregistered")
def unregistered_producer(trade: Trade) -> list[Offer]:
    """It has licences, products, lots, but no registration."""
    return _made_by(trade, trade.registry.company("食品"))


@BOOK.fault("producer_inactive")
def revoked_producer(trade: Trade) -> list[Offer]:
    """Its business licence was revoked, its goods are still on sale."""
    company = trade.registry.registered("食品")
    trade.registry.record(company, trade.rng.choice(("revoked", "deregistered")), trade.rng.randint(1, 25))
    return _made_by(trade, company)


@BOOK.fault("producer_abnormal")
def abnormal_producer(trade: Trade) -> list[Offer]:
    """On the list of abnormal operations."""
    company = trade.registry.registered("玩具")
    trade.registry.record(company, "abnormal", trade.rng.randint(1, 25))
    return _made_by(trade, company)


@BOOK.fault("producer_code_invalid")
def old_registration_number(trade: Trade) -> list[Offer]:
    """A number of 15 digits from before 2015 stands where the credit code belongs."""
    number = "".join(trade.rng.choices("0123456789", k=15))
    return [trade.shops.offer(trade.stock.any(), planted=True, producer_code=number)]


@BOOK.fault("product_of_other_producer")
def product_of_other_producer(trade: Trade) -> list[Offer]:
    """The GTIN belongs to somebody else than the declared producer."""
    stock = trade.stock.any()
    other = trade.maker().company
    return [trade.shops.offer(stock, planted=True, producer_code=other.code, producer_name=other.name)]
