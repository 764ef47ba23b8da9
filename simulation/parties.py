"""Who and what is on the simulated market."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from suyuan.simulation.goods import Category


@dataclass(frozen=True, slots=True)
class Company:
    """Anybody with a credit code."""

    code: str
    name: str
    division: str


@dataclass(frozen=True, slots=True)
class Product:
    """`licence_no` is None where making it requires none (or where the maker has none)."""

    gtin: str
    maker: Company
    name: str
    unit: str
    category: Category
    licence_no: str | None
    type_tested: bool
    """whether an inspection of the product with no lot named exists"""


@dataclass(slots=True)
class Lot:
    """`left` counts what the producer has not sent yet."""

    product: Product
    number: str
    produced_on: date
    expires_on: date | None
    quantity: int
    left: int


@dataclass(frozen=True, slots=True)
class Stock:
    """What a seller received of a lot."""

    seller: Company
    lot: Lot
    received: int


@dataclass(frozen=True, slots=True)
class Maker:
    """A producer and what it makes; every product is covered by the licence that it requires."""

    company: Company
    products: tuple[Product, ...]


@dataclass(slots=True)
class Offer:
    """A listing and its latest version. A planted one keeps what was planted: only its price changes."""

    fields: dict[str, Any]
    stock: Stock
    planted: bool
    complained: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """(platform_code, listing_id)"""
        return self.fields["platform_code"], self.fields["listing_id"]
