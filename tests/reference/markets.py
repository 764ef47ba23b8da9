"""Small, dense markets: every gap occurs, and all that can make an answer depend on the order of arrival.

First come sound supply chains, then as many slips as `noise` says: somebody publishes a record again with a
field or two changed, at any time before or after, sometimes at the very same instant, or something that does not count.
Cells are spoilt, rows are numbered anew each time, and numbers are those of whoever gives them out.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import count, pairwise

from tests.reference import names
from tests.reference.ledger import DAYS, Ledger, plain
from tests.reference.records import key_of, normal
from tests.reference.refusals import refused
from tests.reference.slips import CATEGORIES, CHANGES, FREQUENCY, inputs


def generate(seed, listings=10, products=4, noise=None):
    """Events (dicts as `suyuan publish` takes them) of one market, in no order that means anything.

    noise: slips per listing; by default a matter of the seed, from none to many.
    """
    rng = random.Random(seed)
    market = Market(rng, Cast.of(rng, products))
    for lots in market.cast.products:
        market.supply(lots)
    for _ in range(listings):
        market.offer()
    slips = round(listings * (rng.choice([0, 1, 3, 6]) if noise is None else noise))
    for kind in rng.choices(list(FREQUENCY), list(FREQUENCY.values()), k=slips):
        market.slip(kind)
        if rng.random() < 0.25:
            refused(rng, market.ledger)
    market.bystanders()
    rng.shuffle(market.ledger.events)
    return market.ledger.events


def with_listings(events, most):
    """The events of a market, of its listings no more than so many."""
    keys = sorted({key_of(normal(event)) for event in events if event["kind"] == "listing"})[:most]
    return [event for event in events if event["kind"] != "listing" or key_of(normal(event)) in keys]


@dataclass
class Cast:
    """Who makes what, in which lots: known before anything happens, so that inputs can run in circles."""

    platforms: list[str]
    parties: list[str]
    products: list[list[dict[str, str]]]
    licences: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, rng, products):
        conforming = [names.credit_code(rng) for _ in range(7)]
        parties = conforming + [names.nonconforming_code(rng) for _ in range(2)]
        made = []
        for _ in range(products):
            make = names.restricted_gtin if rng.random() < 0.08 else names.gtin
            key = {"producer_code": rng.choice(parties), "gtin": make(rng)}
            made.append([key | {"lot": f"L{number}"} for number in range(rng.randint(1, 3))])
        return cls([names.credit_code(rng) for _ in range(2)], parties, made)

    @property
    def lots(self):
        return [lot for lots in self.products for lot in lots]


class Market:
    def __init__(self, rng, cast):
        self.rng, self.cast, self.ledger = rng, cast, Ledger(rng)
        self.numbers = count()
        for party in cast.parties:
            if rng.random() < 0.9:
                self.ledger.publish("entity", code=party, **CHANGES["entity"](rng, cast, self.ledger))

    def number(self, letter):
        """Of a delivery note, a report: everybody counts from one."""
        return f"{letter}{self.rng.randint(1, 12)}"

    def supply(self, lots):
        """A product with its licence, lots and inspections."""
        rng, ledger = self.rng, self.ledger
        producer, gtin, category = lots[0]["producer_code"], lots[0]["gtin"], rng.choice(CATEGORIES)
        facts = {"name": "产品", "category": category, "requires_licence": rng.random() < 0.6}
        ledger.publish("product", gtin=gtin, producer_code=producer, **facts)
        if rng.random() < 0.8:
            licence_no = f"SC{rng.randrange(10**14):014}"
            days = {"valid_from": ledger.day(0, 2), "valid_to": ledger.day(4)}
            facts = {"holder_code": producer, "categories": [category], "status": "valid"}
            ledger.publish("licence", licence_no=licence_no, **facts, **days)
            self.cast.licences.append(licence_no)
        for lot in lots:
            self.make(lot)
        if rng.random() < 0.5:
            self.inspect(lots[0] | {"lot": None})

    def make(self, lot):
        """The record of a lot (or none), inspections, and shipments to somebody over one to three hops."""
        rng, ledger = self.rng, self.ledger
        if rng.random() < 0.9:
            days = {"produced_on": ledger.day(1, 4), "expires_on": rng.choice([None, ledger.day(DAYS - 2)])}
            made_of = inputs(rng, self.cast, ledger) if rng.random() < 0.7 else []
            ledger.publish("lot", **lot, **days, quantity=60, inputs=made_of)
        for _ in range(rng.choice([0, 1, 1, 2])):
            self.inspect(lot)
        producer = lot["producer_code"]
        others = [party for party in self.cast.parties if party != producer or rng.random() < 0.1]
        for _ in range(rng.randint(1, 3)):
            hops = list(pairwise([producer, *rng.sample(others, rng.randint(1, 3))]))
            instants = sorted((ledger.instant() for _ in hops), reverse=rng.random() < 0.1)
            for (source, target), at in zip(hops, instants, strict=True):
                self.ship(lot, at, source, target, 20)
            if rng.random() < 0.2:
                (source, target), back = hops[-1], rng.choice([5, 20])
                self.ship(lot, instants[-1], target, source, back)
                self.ship(lot, ledger.instant(), source, rng.choice(others), rng.choice([back, back + 10]))

    def ship(self, lot, at, source, target, quantity):
        """By a delivery note of one line or of two."""
        note = {"shipment_id": self.number("S"), "from_code": source, "to_code": target}
        parts = [quantity] if self.rng.random() < 0.8 else [quantity - 5, 5]
        for number, part in enumerate(parts):
            line = {"line": str(number + 1)} if len(parts) > 1 else {}
            self.ledger.publish("shipment", at, **note, **line, **lot, quantity=part)

    def inspect(self, lot):
        failed = self.rng.random() < 0.1
        facts = {"result": "fail", "failed_items": ["x"]} if failed else {"result": "pass", "failed_items": []}
        facts |= {
            "agency_code": self.rng.choice(self.ledger.publishers),
            "purpose": "self",
            "inspected_on": self.ledger.day(),
        }
        self.ledger.publish("inspection", report_no=self.number("R"), **lot, **facts)

    def offer(self):
        """A listing of some lot, mostly by one who received it, sometimes with a slip from the start."""
        rng = self.rng
        lot = rng.choice(self.cast.lots)
        wanted = {name: plain(name, value) for name, value in lot.items()}
        shipments = [s for s in self.ledger.of_kind("shipment") if wanted.items() <= s.items()]
        licences = [e["licence_no"] for e in self.ledger.of_kind("licence")]
        own = [e["licence_no"] for e in self.ledger.of_kind("licence") if e["holder_code"] == lot["producer_code"]]
        receivers = [s["to_code"] for s in shipments]
        slips = sorted(CHANGES["listing"](rng, self.cast, self.ledger).items())
        listing = {
            "platform_code": rng.choice(self.cast.platforms),
            "listing_id": f"I{next(self.numbers)}",
            "status": "active",
            "url": None,
            "title": "商品",
            "category": rng.choice(CATEGORIES),
            "seller_code": rng.choice([*receivers, *receivers, lot["producer_code"], rng.choice(self.cast.parties)]),
            "producer_name": None,
            "licence_no": rng.choice([None, *own, *own, rng.choice([None, *licences])]),
            "price_fen": rng.randint(1, 9999),
            "sold_30d": rng.choice([0, 5, 20]),
            "ship_from": None,
        }
        self.ledger.publish("listing", **(listing | lot | dict(rng.sample(slips, rng.choice([0, 0, 0, 1])))))

    def slip(self, kind):
        """Publish a record again with up to two fields changed; recalls and some shipments are new ones."""
        rng = self.rng
        known = self.ledger.of_kind(kind)
        if kind == "recall" and len(known) < 3:
            self.recall(f"RC{rng.randint(1, 2)}")
        elif known:
            fields = rng.choice(known)
            if kind == "shipment" and rng.random() < 0.5:
                fields["shipment_id"] = self.number("S")
            changes = sorted(CHANGES[kind](rng, self.cast, self.ledger).items())
            self.ledger.publish(kind, **(fields | dict(rng.sample(changes, rng.choice([0, 1, 1, 2])))))

    def recall(self, recall_no):
        lot = dict(self.rng.choice(self.cast.lots))
        text = lot.pop("lot")
        facts = {
            "lots": self.rng.choice([[], [text], [f" {text} ", "L9"]]),
            "level": 1,
            "reason": "x",
            "status": "open",
        }
        self.ledger.publish("recall", recall_no=recall_no, **lot, **facts)

    def bystanders(self):
        """Days, and kinds that no gap depends on."""
        rng, ledger = self.rng, self.ledger
        for _ in range(rng.randint(0, 3)):
            ledger.publish("day", date=ledger.day(0, DAYS - 1))
        for number in range(rng.randint(0, 3)):
            about = rng.choice(ledger.of_kind("listing"))
            about = {"platform_code": about["platform_code"], "listing_id": about["listing_id"]}
            facts = {"subject_code": None, "category": "quality", "complainant": f"p{number:032x}"}
            ledger.publish("complaint", channel="12315", complaint_no=f"C{number}", **about, **facts)
            subject = {"subject_code": rng.choice(self.cast.parties), "division": "440305"}
            facts = {"ground": "x", "amount_fen": 100, "status": "in_force", "decided_on": ledger.day()}
            ledger.publish("penalty", decision_no=f"D{number}", **subject, **facts)
