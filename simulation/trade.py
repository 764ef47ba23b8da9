"""Everyday trade: who is on the market, and chains from maker to listing in which everything is in order."""

from __future__ import annotations

from typing import Any

from suyuan.simulation.goods import CATEGORIES, Category
from suyuan.simulation.parties import Company, Lot, Maker, Offer, Product, Stock
from suyuan.simulation.registry import Registry
from suyuan.simulation.scene import Scene
from suyuan.simulation.shops import Shops
from suyuan.simulation.window import Window
from suyuan.simulation.workshop import Workshop

PLATFORMS = ("淘货网络科技", "京选电子商务", "拼购信息技术", "抖卖直播电商", "快选科技", "云集市网络")
_CARRIERS = 24
_MAKERS, _SELLERS, _STOCK, _OFFERS = 2_000, 5_000, 5_000, 20_000
_OWN_STORE = 0.1
_HAS_INPUTS = 0.2


class Trade:
    """The windows hold what is in order, and listings that live on; what recipes make stays out."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.rng = scene.rng
        self.registry = Registry(scene)
        self.workshop = Workshop(scene)
        self.makers: Window[Maker] = Window(_MAKERS, scene.rng)
        self.sellers: Window[Company] = Window(_SELLERS, scene.rng)
        self.stock: Window[Stock] = Window(_STOCK, scene.rng)
        self.offers: Window[Offer] = Window(_OFFERS, scene.rng)
        platforms = [self.registry.registered(name) for name in PLATFORMS]
        self.shops = Shops(scene, platforms, [self.registry.registered("物流配送") for _ in range(_CARRIERS)])

    def maker(self, category: Category | None = None, *, company: Company | None = None) -> Maker:
        """A new licensed producer with one to three products, known to nobody else yet."""
        category = category or self.rng.choice(CATEGORIES)
        company = company or self.registry.registered(category.trade)
        licence_no = self.registry.licence_for(company, category)
        products = [self.workshop.product(company, category, licence_no) for _ in range(self.rng.randint(1, 3))]
        return Maker(company, tuple(products))

    def lot(self, product: Product | None = None, **wanted: Any) -> Lot:
        """A new lot (see `Workshop.lot`), of any known product unless one is named."""
        return self.workshop.lot(product or self.rng.choice(self.makers.any().products), **wanted)

    def stocked(
        self,
        product: Product | None = None,
        *,
        lot: Lot | None = None,
        seller: Company | None = None,
        **wanted: Any,
    ) -> Stock:
        """A new lot, shipped to a seller: by itself, so that what happens to it touches no other listing."""
        return self.shops.ship(lot or self.lot(product, **wanted), seller or self.sellers.any())

    def supply(self) -> None:
        """A known producer makes a lot, perhaps from others', and sends it to sellers, or sells it itself."""
        inputs: list[Lot] = []
        if self.rng.random() < _HAS_INPUTS:
            inputs = [self.lot(inspected=self.rng.random() < 0.5) for _ in range(self.rng.randint(1, 2))]
        lot = self.lot(inputs=inputs)
        for part in inputs:
            self.shops.ship(part, lot.product.maker, hops=1)
        if self.rng.random() < _OWN_STORE:
            self.stock.keep(Stock(lot.product.maker, lot, lot.quantity))
        for _ in range(self.rng.randint(1, 4)):
            self.offer(self.stock.keep(self.stocked(lot=lot)))

    def offer(self, stock: Stock | None = None) -> None:
        """A seller puts up what it has."""
        self.offers.keep(self.shops.offer(stock or self.stock.any()))

    def reprice(self) -> None:
        """Prices and sales change."""
        self.shops.reprice(self.offers.any())

    def restock(self) -> None:
        """A listing goes on with another lot."""
        offer = self.offers.any()
        if not offer.planted:
            offer.stock = self.stocked(offer.stock.lot.product, seller=offer.stock.seller)
            self.shops.change(offer, lot=offer.stock.lot.number, sold_30d=0)

    def remove(self) -> None:
        """A listing is taken down."""
        offer = self.offers.take()
        if offer.planted:
            self.offers.keep(offer)
        else:
            self.shops.change(offer, status="removed")

    def complain(self) -> None:
        """A single complaint, of which nothing follows."""
        offer = self.offers.any()
        if not (offer.planted or offer.complained):
            offer.complained = True
            self.shops.complaint(offer)

    def correct(self) -> None:
        """Something is wrong and put right: a recall is closed, a fine lifted, a typing error corrected."""
        match self.rng.randrange(4):
            case 0:
                lot = self.stock.any().lot
                self.workshop.recall(lot.product, [lot], closed=True)
            case 1:
                self.registry.penalty(self.sellers.any(), "lifted")
            case 2:
                stock = self.stock.any()
                offer = self.offers.keep(self.shops.offer(stock, lot=None))
                self.shops.change(offer, lot=stock.lot.number)
            case _:
                stock = self.stock.any()
                offer = self.offers.keep(self.shops.offer(stock, producer_code=None))
                self.shops.change(offer, producer_code=stock.lot.product.maker.code)

    def welcome_maker(self) -> None:
        """A new producer starts to trade."""
        self.makers.keep(self.maker())
        self.supply()

    def welcome_seller(self) -> None:
        """A new seller opens."""
        self.sellers.keep(self.registry.registered())

    def open(self) -> None:
        """The first ones, so that there is somebody to trade with."""
        for _ in range(3):
            self.makers.keep(self.maker())
        for _ in range(4):
            self.welcome_seller()
        self.supply()
