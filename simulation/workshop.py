"""Producers make lots of products; laboratories test them; producers call them back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from suyuan.simulation.calendar import HOUR_MS, moment
from suyuan.simulation.goods import BRANDS, FAILED_ITEMS, Category
from suyuan.simulation.parties import Company, Lot, Product
from suyuan.simulation.scene import AUTHORITY, Scene

_TYPE_TESTED = 0.4
_ONLY_TYPE_TESTED = 0.3
_FAILED_FIRST = 0.02


class Workshop:
    """New products, lots, inspections and recalls with their records."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def product(
        self, maker: Company, category: Category, licence_no: str | None, *, type_tested: bool | None = None
    ) -> Product:
        """A product with its record; some also with a passed inspection that names no lot."""
        rng = self._scene.rng
        tested = rng.random() < _TYPE_TESTED if type_tested is None else type_tested
        name = rng.choice(BRANDS) + rng.choice(category.items)
        product = Product(
            self._scene.mint.gtin(), maker, name, rng.choice(category.units), category, licence_no, tested
        )
        self._scene.emit(
            "product",
            maker.code,
            moment(self._scene.calendar.days_ago(rng.randint(100, 900))),
            {
                "gtin": product.gtin,
                "producer_code": maker.code,
                "name": name,
                "category": category.name,
                "requires_licence": category.licence_scheme is not None,
            },
        )
        if tested:
            self.inspection(product, None, "pass", days_ago=rng.randint(60, 90))
        return product

    def lot(
        self,
        product: Product,
        *,
        shelf_life: int | None = None,
        inputs: Sequence[Lot] = (),
        inspected: bool | None = None,
    ) -> Lot:
        """A lot of 15 to 50 days ago that passed, or its product did; or neither, when not `inspected`.

        `shelf_life` is in days from the day of production; by default the lot outlives the simulation.
        """
        rng, calendar = self._scene.rng, self._scene.calendar
        age = rng.randint(15, 50)
        if shelf_life is None and product.category.perishable:
            shelf_life = rng.randint(500, 1100)
        produced, expires = (
            calendar.days_ago(age),
            None if shelf_life is None else calendar.days_ago(age - shelf_life),
        )
        quantity = rng.randint(20, 400) * 100
        number = f"{produced:%Y%m%d}-{self._scene.mint.number('')[-6:]}"
        lot = Lot(product, number, produced, expires, quantity, quantity)
        fields: dict[str, Any] = {
            **named(lot),
            "produced_on": produced.isoformat(),
            "expires_on": expires and expires.isoformat(),
            "quantity": quantity,
            "inputs": [{**named(part), "quantity": rng.randint(1, 50)} for part in inputs],
        }
        self._scene.emit("lot", product.maker.code, moment(produced, 18), fields)
        if inspected is None:
            inspected = not (product.type_tested and rng.random() < _ONLY_TYPE_TESTED)
        if inspected:
            if rng.random() < _FAILED_FIRST:
                self.inspection(product, lot, "fail", days_ago=age - 2)
            self.inspection(product, lot, "pass", days_ago=age - 4)
        return lot

    def inspection(self, product: Product, lot: Lot | None, result: str, days_ago: int) -> None:
        """A report about a lot, or about the product with no lot named."""
        rng = self._scene.rng
        day = self._scene.calendar.days_ago(days_ago)
        fields = {
            "report_no": self._scene.mint.number("检"),
            "agency_code": AUTHORITY,
            "producer_code": product.maker.code,
            "gtin": product.gtin,
            "lot": lot and lot.number,
            "purpose": rng.choice(("self", "supervision", "spot_check")),
            "result": result,
            "failed_items": rng.sample(FAILED_ITEMS, rng.randint(1, 2)) if result == "fail" else [],
            "inspected_on": day.isoformat(),
        }
        self._scene.emit("inspection", AUTHORITY, moment(day, 15), fields)

    def recall(self, product: Product, lots: Sequence[Lot], *, closed: bool = False) -> None:
        """A recall of these lots, of every lot where none is named; opened a few hours ago."""
        rng, now = self._scene.rng, self._scene.calendar.now
        opened = now - rng.randint(4, 30) * HOUR_MS
        fields = {
            "recall_no": self._scene.mint.number("召回"),
            "producer_code": product.maker.code,
            "gtin": product.gtin,
            "lots": [lot.number for lot in lots],
            "level": rng.randint(1, 3),
            "reason": rng.choice(FAILED_ITEMS) + "不符合标准",
            "status": "open",
        }
        self._scene.emit("recall", product.maker.code, opened, fields)
        if closed:
            self._scene.emit("recall", product.maker.code, opened + 2 * HOUR_MS, {**fields, "status": "closed"})


def named(lot: Lot) -> dict[str, str]:
    """The three fields that name a lot."""
    return {"producer_code": lot.product.maker.code, "gtin": lot.product.gtin, "lot": lot.number}
