"""Lots made from one another, of a few makers in turn, and what becomes of them."""

from __future__ import annotations

import random
from itertools import count

from tests.reference import names

AT = 1_788_000_000_000
SHAPES = ("row", "circle", "tree", "lattice")


def shape(name, size):
    """{lot: lots that went into it}"""
    if name == "row":
        return {n: [n - 1] if n else [] for n in range(size)}
    if name == "circle":
        return {n: [(n - 1) % size] for n in range(size)}
    if name == "tree":
        return {n: [part for part in (2 * n + 1, 2 * n + 2) if part < size] for n in range(size)}
    width = 10  # a lattice: layers of ten, each of all of the layer before
    return {n: list(range(n // width * width - width, n // width * width)) if n >= width else [] for n in range(size)}


class Genealogy:
    """Events of lots by number: lot n is of maker n mod `makers`, who sells it too."""

    def __init__(self, makers=1):
        rng = random.Random(makers)
        self.codes = [names.credit_code(rng) for _ in range(makers)]
        self.gtins = [names.gtin(rng).rjust(14, "0") for _ in range(makers)]
        self._ids = count()

    def key(self, number):
        maker = number % len(self.codes)
        return {"producer_code": self.codes[maker], "gtin": self.gtins[maker], "lot": f"L{number:05}"}

    def event(self, kind, at, **fields):
        envelope = {"event_id": f"E{next(self._ids)}", "publisher": self.codes[0], "occurred_at": AT + at}
        return {"kind": kind, **envelope, **fields}

    def makers(self):
        """Their entities and products."""
        events = []
        for code, gtin in zip(self.codes, self.gtins, strict=True):
            events.append(self.event("entity", 0, code=code, name="企业", status="active", division=None))
            facts = {"name": "产品", "category": "food", "requires_licence": False}
            events.append(self.event("product", 0, gtin=gtin, producer_code=code, **facts))
        return events

    def lot(self, number, inputs, at=0):
        days = {"produced_on": "2026-08-01", "expires_on": None}
        parts = [self.key(part) | {"quantity": 1} for part in inputs]
        return self.event("lot", at, **self.key(number), **days, quantity=10, inputs=parts)

    def recall(self, maker, at, status, lots=(), number=None):
        """Of every lot of a maker, or of some. `number`: by default each maker has one of its own."""
        item = {"producer_code": self.codes[maker], "gtin": self.gtins[maker]}
        names_ = [self.key(lot)["lot"] for lot in lots]
        return self.event(
            "recall", at, recall_no=number or f"RC{maker}", **item, lots=names_, level=1, reason="x", status=status
        )

    def inspection(self, number, at, result, report="R"):
        facts = {"purpose": "self", "inspected_on": "2026-08-29", "agency_code": self.codes[0]}
        items = ["x"] if result == "fail" else []
        report_no = f"{report}{number}"
        return self.event(
            "inspection", at, report_no=report_no, **self.key(number), **facts, result=result, failed_items=items
        )

    def listing(self, number):
        facts = {"url": None, "title": "商品", "category": "food", "producer_name": None, "licence_no": None}
        key = self.key(number)
        return self.event(
            "listing", 0, platform_code=self.codes[0], listing_id=f"I{number}", status="active", **facts, **key,
            seller_code=key["producer_code"], price_fen=1, sold_30d=0, ship_from=None,
        )  # fmt: skip
