"""A market of any size for benches: made by arithmetic, already encoded, one listing in ten with a fault.

Every producer has a licence, a product, a lot with an inspection, and ships it to three sellers. A
listing's number alone decides who makes and sells it, and what is wrong with it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import islice
from typing import Any

from suyuan.domain.keys import join_key
from suyuan.schemas.events import encode_event
from suyuan.schemas.kinds import event_schema
from suyuan.simulation.calendar import moment
from suyuan.simulation.goods import CATEGORIES, Category
from suyuan.simulation.minting import Mint, wrong_check
from suyuan.simulation.places import PLACES
from suyuan.simulation.scene import AUTHORITY

_DAY = dt.date(2026, 3, 1)
_PLATFORMS = 8
"""not among the codes: nobody asks who they are"""
_SELLERS_EACH = 3
_SHIPPED, _SOLD = 1_000_000, 50
_BATCH = 4_000

_RECALLED_PRODUCERS = 33
"""every 33rd has its lot called back"""
FAULTS = (
    "oversold",
    "oversold",
    "custody_missing",
    "custody_missing",
    "producer_code_invalid",
    "lot_undeclared",
)
"""gaps planted on single listings, of which each takes a hundredth part"""


@dataclass(frozen=True, slots=True)
class EncodedEvents:
    """Events of one kind as the log takes them: business keys, framed Avro, 16 bytes that name each event."""

    kind: str
    keys: list[bytes]
    values: list[bytes]
    ids: list[bytes]


@dataclass(frozen=True)
class Bulk:
    """`codes` credit codes, two fifths of them producers, and `listings` listings of their goods."""

    listings: int = 2_000_000
    codes: int = 100_000

    @cached_property
    def _codes(self) -> Sequence[str]:
        mint = Mint()
        return [mint.credit_code(PLACES[n % len(PLACES)].division) for n in range(self.codes + _PLATFORMS)]

    @cached_property
    def _gtins(self) -> Sequence[str]:
        mint = Mint()
        return ["0" + mint.gtin() for _ in range(self._producers)]

    @property
    def _producers(self) -> int:
        return self.codes * 2 // 5

    def fault(self, listing: int) -> str | None:
        """The one gap of a listing, None for none."""
        if listing % self._producers % _RECALLED_PRODUCERS == 0:
            return "lot_recalled"
        part = listing * 37 // 11 % 100
        return FAULTS[part] if part < len(FAULTS) else None

    def record_batches(self) -> Iterator[EncodedEvents]:
        """Everything but listings: some eight events for each producer, one for each other code."""
        yield from _encoded("entity", map(self._entity, range(self.codes)))
        producers = range(self._producers)
        yield from _encoded("licence", map(self._licence, producers))
        yield from _encoded("product", map(self._product, producers))
        yield from _encoded("lot", map(self._lot, producers))
        yield from _encoded("inspection", map(self._inspection, producers))
        yield from _encoded("shipment", (self._shipment(p, n) for p in producers for n in range(_SELLERS_EACH)))
        yield from _encoded("recall", map(self._recall, producers[::_RECALLED_PRODUCERS]))

    def listing_batches(self, start: int = 0, stop: int | None = None) -> Iterator[EncodedEvents]:
        """Listings of these numbers."""
        yield from _encoded("listing", map(self._listing, range(start, self.listings if stop is None else stop)))

    def _seller(self, producer: int, number: int) -> str:
        sellers = self.codes - self._producers
        return self._codes[self._producers + (producer * _SELLERS_EACH + number) % sellers]

    def _entity(self, number: int) -> dict[str, Any]:
        code = self._codes[number]
        return {
            **_event(f"e{number}", 900),
            "code": code,
            "name": f"企业{number:06d}",
            "status": "active",
            "division": code[2:8],
        }

    def _licence(self, producer: int) -> dict[str, Any]:
        return {
            **_event(f"c{producer}", 800),
            "licence_no": f"XK{producer:08d}",
            "holder_code": self._codes[producer],
            "categories": [_category(producer).name],
            "valid_from": _DAY - dt.timedelta(800),
            "valid_to": _DAY + dt.timedelta(2000),
            "status": "valid",
        }

    def _product(self, producer: int) -> dict[str, Any]:
        category = _category(producer)
        return {
            **_event(f"p{producer}", 700),
            "gtin": self._gtins[producer],
            "producer_code": self._codes[producer],
            "name": _item(producer),
            "category": category.name,
            "requires_licence": category.licence_scheme is not None,
        }

    def _named(self, producer: int) -> dict[str, str]:
        return {"producer_code": self._codes[producer], "gtin": self._gtins[producer], "lot": f"L{producer}"}

    def _lot(self, producer: int) -> dict[str, Any]:
        return {
            **_event(f"l{producer}", 30),
            **self._named(producer),
            "produced_on": _DAY - dt.timedelta(30),
            "expires_on": _DAY + dt.timedelta(4000),
            "quantity": _SHIPPED * _SELLERS_EACH,
            "inputs": [],
        }

    def _inspection(self, producer: int) -> dict[str, Any]:
        return {
            **_event(f"i{producer}", 28),
            **self._named(producer),
            "report_no": f"R{producer}",
            "agency_code": AUTHORITY,
            "lot": None,
            "purpose": "supervision",
            "result": "pass",
            "failed_items": [],
            "inspected_on": _DAY - dt.timedelta(28),
        }

    def _shipment(self, producer: int, number: int) -> dict[str, Any]:
        return {
            **_event(f"s{producer}-{number}", 20),
            **self._named(producer),
            "shipment_id": f"S{producer}-{number}",
            "from_code": self._codes[producer],
            "to_code": self._seller(producer, number),
            "quantity": _SHIPPED,
        }

    def _recall(self, producer: int) -> dict[str, Any]:
        return {
            **_event(f"r{producer}", 2),
            "recall_no": f"RC{producer}",
            "producer_code": self._codes[producer],
            "gtin": self._gtins[producer],
            "lots": [f"L{producer}"],
            "level": 2,
            "reason": "重金属铅不符合标准",
            "status": "open",
        }

    def _listing(self, number: int) -> dict[str, Any]:
        producer, fault = number % self._producers, self.fault(number)
        platform = self._codes[self.codes + number % _PLATFORMS]
        listing = {
            "event_id": f"g{number}",
            "publisher": platform,
            "occurred_at": _LISTED + number,
            "platform_code": platform,
            "listing_id": f"I{number:08d}",
            "status": "active",
            "url": f"https://item.example.cn/{number}",
            "title": f"【正品】{_item(producer)} {number % 9 + 1}件装 包邮",
            "category": _category(producer).name,
            "seller_code": self._seller(producer, number // self._producers % _SELLERS_EACH),
            "producer_code": self._codes[producer],
            "producer_name": f"企业{producer:06d}",
            "gtin": self._gtins[producer],
            "lot": f"L{producer}",
            "licence_no": None,
            "price_fen": 1_000 + number % 50_000,
            "sold_30d": number % _SOLD,
            "ship_from": None,
        }
        if fault == "oversold":
            listing["sold_30d"] = _SHIPPED * _SELLERS_EACH
        elif fault == "custody_missing":
            listing.update(seller_code=self._seller(producer, _SELLERS_EACH), sold_30d=0)
        elif fault == "producer_code_invalid":
            listing["producer_code"] = wrong_check(self._codes[producer])
        elif fault == "lot_undeclared":
            listing["lot"] = None
        return listing


_LISTED = moment(_DAY, 12)


def _category(producer: int) -> Category:
    return CATEGORIES[producer % len(CATEGORIES)]


def _item(producer: int) -> str:
    items = _category(producer).items
    return items[producer % len(items)]


def _event(event_id: str, days_ago: int) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "publisher": AUTHORITY,
        "occurred_at": moment(_DAY - dt.timedelta(days_ago)),
    }


def _encoded(kind: str, events: Iterator[dict[str, Any]]) -> Iterator[EncodedEvents]:
    names = event_schema(kind).business_key
    while batch := list(islice(events, _BATCH)):
        yield EncodedEvents(
            kind,
            [join_key(*(event.get(name) or "" for name in names)).encode() for event in batch],
            [encode_event(kind, event) for event in batch],
            [
                blake2b(join_key(event["publisher"], event["event_id"]).encode(), digest_size=16).digest()
                for event in batch
            ],
        )
