"""Lots go to sellers over some hops; sellers put them up on platforms; buyers complain."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from suyuan.simulation.calendar import HOUR_MS, moment
from suyuan.simulation.goods import COMPLAINT_CATEGORIES, title_of
from suyuan.simulation.minting import pseudonym
from suyuan.simulation.parties import Company, Lot, Offer, Stock
from suyuan.simulation.scene import AUTHORITY, Scene
from suyuan.simulation.workshop import named

_UNTIDY = 0.01
_NAMES_LICENCE = 0.7
_FIRST_SHIPMENT = 5
"""days after production"""


class Shops:
    """Shipments, listings and complaints."""

    def __init__(self, scene: Scene, platforms: Sequence[Company], carriers: Sequence[Company]) -> None:
        self._scene = scene
        self._platforms = platforms
        self._carriers = carriers

    def ship(self, lot: Lot, seller: Company, *, hops: int | None = None, backwards: bool = False) -> Stock:
        """Part of a lot to a seller over 0 to 2 distributors; `backwards`: the last hop comes first."""
        rng = self._scene.rng
        quantity = max(1, min(lot.left // 4, rng.randint(20, 500)))
        lot.left -= quantity
        between = rng.sample(self._carriers, (hops or rng.choice((1, 1, 2, 2, 3))) - 1)
        holders = [lot.product.maker, *between, seller]
        age = (self._scene.calendar.today - lot.produced_on).days - _FIRST_SHIPMENT
        for hop, (sender, receiver) in enumerate(pairwise(holders)):
            days_ago = age - (len(holders) - hop if backwards else hop)
            at = moment(self._scene.calendar.days_ago(days_ago), 9 + rng.random() * 8)
            self.shipment(lot, sender, receiver, quantity, at)
        return Stock(seller, lot, quantity)

    def shipment(self, lot: Lot, sender: Company, receiver: Company, quantity: int, at: int) -> None:
        """One hop."""
        fields = {
            "shipment_id": self._scene.mint.number("SF"),
            **named(lot),
            "from_code": sender.code,
            "to_code": receiver.code,
            "quantity": quantity,
        }
        self._scene.emit("shipment", sender.code, at, fields)

    def offer(self, stock: Stock, *, planted: bool = False, **changed: Any) -> Offer:
        """Put stock up on a platform; `changed` overrides fields of the listing."""
        rng, product = self._scene.rng, stock.lot.product
        platform = rng.choice(self._platforms)
        listing_id = self._scene.mint.number("I")
        low, high = product.category.price_fen
        fields = {
            "platform_code": platform.code,
            "listing_id": listing_id,
            "status": "active",
            "url": f"https://item.example.cn/{listing_id}",
            "title": title_of(rng, product.name, product.unit),
            "category": product.category.name,
            "seller_code": stock.seller.code,
            "producer_code": product.maker.code,
            "producer_name": product.maker.name,
            "gtin": product.gtin,
            "lot": stock.lot.number,
            "licence_no": product.licence_no if rng.random() < _NAMES_LICENCE else None,
            "price_fen": rng.randint(low, high) // 10 * 10,
            "sold_30d": rng.randint(0, stock.received // 2),
            "ship_from": stock.seller.division,
        }
        if rng.random() < _UNTIDY:
            fields["producer_code"] = f" {product.maker.code.lower()} "
            fields["gtin"] = "0" + product.gtin
        offer = Offer({**fields, **changed}, stock, planted)
        self.publish(offer)
        return offer

    def publish(self, offer: Offer) -> None:
        """The listing as it is now."""
        self._scene.emit("listing", offer.fields["platform_code"], self._scene.calendar.now, offer.fields)

    def change(self, offer: Offer, **changed: Any) -> None:
        """A later version of a listing."""
        offer.fields = {**offer.fields, **changed}
        self.publish(offer)

    def reprice(self, offer: Offer) -> None:
        """A later version: another price, and other sales where nothing was planted."""
        rng = self._scene.rng
        price = max(100, int(offer.fields["price_fen"] * rng.uniform(0.8, 1.2)))
        sold = offer.fields["sold_30d"] if offer.planted else rng.randint(0, offer.stock.received)
        self.change(offer, price_fen=price, sold_30d=sold)

    def complaint(self, offer: Offer, hours_ago: float = 0) -> None:
        """Somebody complains about a listing, most through 12315."""
        rng = self._scene.rng
        fields = {
            "channel": rng.choice(("12315", "12315", "12315", "12312", "other")),
            "complaint_no": self._scene.mint.number("诉"),
            "platform_code": offer.fields["platform_code"],
            "listing_id": offer.fields["listing_id"],
            "subject_code": offer.fields["seller_code"],
            "category": rng.choice(COMPLAINT_CATEGORIES),
            "complainant": pseudonym(rng.randrange(10**6)),
        }
        at = self._scene.calendar.now - int(hours_ago * HOUR_MS)
        self._scene.emit("complaint", AUTHORITY, at, fields, prompt=True)
