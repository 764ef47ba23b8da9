"""Two worlds that have nothing in common: what somebody of A is shown must hold nothing of B.

Each text of B holds the mark ⟦B⟧, and each of its codes is listed.
"""

from __future__ import annotations

from random import Random

import msgspec

from suyuan.domain.alerts.subject import node_name
from suyuan.operations.spot_checks.steps import event
from tests.reference.names import check_digit, credit_code
from tests.sinks.contract.views import load
from tests.sinks.rows import NOW, alert, block, chain, events, finding, lot, node
from tests.spot_checks import PARTIES, plan

LISTINGS, ALERTS = 12, 9
COVERED = (9, 10, 11)
"""numbers of the listings that the alert about a world's lot covers"""


class World:
    """What is seeded of it, row by row, and the names by which it may be asked for."""

    def __init__(self, letter, division):
        rng = Random(f"world {letter}")
        self.letter = letter
        self.mark = f"⟦{letter}⟧"
        self.division = division
        self.platform, self.seller, self.producer, self.other = (credit_code(rng) for _ in range(4))
        digits = "690" + "".join(rng.choice("0123456789") for _ in range(9))
        self.gtin = "0" + digits + check_digit(digits)
        self.lot = f"L-{letter}-2026"
        self.listing_ids = [f"{letter.lower()}-{number}-{rng.randrange(10**6):06}" for number in range(LISTINGS)]
        self.alert_ids = [f"alert-{letter.lower()}-{number}" for number in range(ALERTS)]
        self.event_ids = [f"event-{letter.lower()}-{number}" for number in range(LISTINGS)]
        self.licence_no = "SC" + "".join(rng.choice("0123456789") for _ in range(14))
        self.recall_no = f"RC-{letter}-1"
        self.shipment_id = f"SH-{letter}-1"
        self.check_id = f"{division}-2026-{1 + 'ABN'.index(letter)}"
        self.order_nos = [f"{self.check_id}-{place}" for place in (1, 2, 3)]

    @property
    def codes(self):
        """All that names something of it."""
        names = [self.platform, self.seller, self.producer, self.other, self.gtin, self.lot, self.licence_no]
        return [
            *names,
            self.recall_no,
            self.shipment_id,
            *self.order_nos,
            *self.listing_ids,
            *self.alert_ids,
            *self.event_ids,
        ]

    def text(self, text):
        return f"{text} {self.mark}"

    @property
    def chains(self):
        return [
            chain(
                number,
                platform_code=self.platform,
                listing_id=listing_id,
                title=self.text("绿茶"),
                seller_code=self.seller,
                producer_code=self.producer,
                producer_name=self.text("茶厂"),
                gtin=self.gtin,
                lot=self.lot,
                verdict=("complete", "partial", "contradicted")[number % 3],
                seller_division=self.division,
                producer_division=self.division,
                listing_event=f"listing/{self.platform}/{self.event_ids[number]}~01234567",
                gap_names=["lot_unknown"],
                gaps=[
                    {
                        "gap": "lot_unknown",
                        "class": "broken",
                        "subject": self.text(self.lot),
                        "detail": self.text("没有"),
                        "evidence": [f"listing/{self.platform}/{self.event_ids[number]}~01234567"],
                    }
                ],
                nodes=[
                    node("seller", self.seller, name=self.text("店"), division=self.division),
                    node("producer", self.producer, name=self.text("厂"), division=self.division),
                ],
            )
            for number, listing_id in enumerate(self.listing_ids)
        ]

    def _raised(self, name, number, **fields):
        return alert(
            name,
            severity=("high", "low", "critical")[number % 3],
            title_zh=self.text("召回仍在售"),
            title_en=self.text("recalled, still on sale"),
            explanation_zh=self.text("批次已召回"),
            explanation_en=self.text("the lot is recalled"),
            triggering=self.text("{}"),
            verdict="contradicted",
            seller_division=self.division,
            producer_division=self.division,
            bureau=self.division,
            bureau_why=self.text("销售者所在地"),
            evidence=[f"listing/{self.platform}/{self.event_ids[number]}~01234567"],
            raised_at=NOW + number // 2,
            **fields,
        )

    @property
    def alerts(self):
        """Each about a listing, but the last: it is about the lot, and covers the listings of COVERED."""
        of_listings = [
            self._raised(
                name,
                number,
                platform_code=self.platform,
                listing_id=self.listing_ids[number],
                seller_code=self.seller,
                producer_code=self.producer,
            )
            for number, name in enumerate(self.alert_ids[:-1])
        ]
        of_lot = self._raised(
            self.alert_ids[-1],
            ALERTS - 1,
            subject_kind="lot",
            subject=node_name("lot", [self.producer, self.gtin, self.lot]),
            listings=len(COVERED),
            platforms=[{"platform_code": self.platform, "listings": len(COVERED)}],
            producer_code=self.producer,
            gtin=self.gtin,
            lot=self.lot,
        )
        return [*of_listings, of_lot]

    def covered(self, name, number):
        """The finding about a listing, of an alert."""
        return finding(
            f"{name}-{self.letter.lower()}-{number}",
            name,
            platform_code=self.platform,
            listing_id=self.listing_ids[number],
            title=self.text("绿茶"),
            seller_code=self.seller,
            seller_division=self.division,
            triggering=self.text("{}"),
            evidence=[f"listing/{self.platform}/{self.event_ids[number]}~01234567"],
        )

    @property
    def plan(self):
        """Of a spot check that nobody has frozen."""
        at = NOW + 3_600_000
        source = msgspec.structs.replace(PARTIES, at=at)
        return plan(check_id=self.check_id, title=self.text("抽查"), planned_at=NOW, randomness=source)

    @property
    def findings(self):
        """Of the alert about the lot; each is in charge of the same bureau."""
        return [self.covered(self.alert_ids[-1], number) | {"bureau": self.division} for number in COVERED]

    @property
    def events(self):
        """By kind, rows of event_<kind>."""
        entities = [
            {"code": code, "name": self.text(name), "status": "active", "division": self.division}
            for code, name in (
                (self.platform, "平台"),
                (self.seller, "店"),
                (self.producer, "厂"),
                (self.other, "商"),
            )
        ]
        return {
            "entity": [
                row | {"event_id": f"entity-{self.letter.lower()}-{n}", "publisher": self.other}
                for n, row in enumerate(entities)
            ],
            "listing": [
                {
                    "platform_code": self.platform,
                    "listing_id": listing_id,
                    "status": "active",
                    "title": self.text("绿茶"),
                    "category": "tea",
                    "seller_code": self.seller,
                    "producer_code": self.producer,
                    "producer_name": self.text("茶厂"),
                    "gtin": self.gtin,
                    "lot": self.lot,
                    "price_fen": 100,
                    "sold_30d": 1,
                    "event_id": self.event_ids[number],
                    "publisher": self.platform,
                }
                for number, listing_id in enumerate(self.listing_ids)
            ],
            "order": [
                {
                    "order_no": order_no,
                    "check_id": self.check_id,
                    "platform_code": self.platform,
                    "listing_id": self.listing_ids[number],
                    "title": self.text("绿茶"),
                    "seller_code": self.seller,
                    "producer_code": self.producer,
                    "gtin": self.gtin,
                    "lot": self.lot,
                    "stratum": self.division,
                    "weight": 1,
                    "ticket": "0." + str(number + 1) * 77,
                    "officers": ["A-01", "A-02"],
                    "items": [self.text("F-12")],
                    "event_id": f"order-{self.letter.lower()}-{number}",
                    "publisher": "SUYUAN",
                }
                for number, order_no in enumerate(self.order_nos)
            ],
            "lot": [
                lot(self.lot, maker=self.producer)
                | {"gtin": self.gtin, "event_id": f"lot-{self.letter.lower()}-1", "publisher": self.producer}
            ],
            "check_act": [event(self.plan, actor=f"actor-{self.letter.lower()}", now=NOW)],
            "shipment": [
                {
                    "shipment_id": self.shipment_id,
                    "producer_code": self.producer,
                    "gtin": self.gtin,
                    "lot": self.lot,
                    "from_code": self.producer,
                    "to_code": self.seller,
                    "quantity": 5,
                    "shipped_at": NOW,
                    "event_id": f"shipment-{self.letter.lower()}-1",
                    "publisher": self.producer,
                }
            ],
        }


A, B = World("A", "330106"), World("B", "510104")
WORLDS = {"A": A, "B": B}
SHARED = alert(
    "alert-shared",
    subject_kind="product",
    subject="product:06900000000001",
    listings=5,
    platforms=[{"platform_code": A.platform, "listings": 1}, {"platform_code": B.platform, "listings": 4}],
    gtin="06900000000001",
    title_zh="召回仍在售",
    title_en="recalled, still on sale",
    explanation_zh=B.text("批次已召回"),
    explanation_en=B.text("the lot is recalled"),
    triggering=B.text("{}"),
    evidence=[f"listing/{B.platform}/{B.event_ids[0]}~01234567"],
    bureau="440305",
    raised_at=NOW - 1,
)
"""one that covers listings on the platforms of both, of which each platform sees its own part; it was raised first"""


def seed(clickhouse):
    """Both, as loaders bring them into the tables."""
    for number, world in enumerate(WORLDS.values()):
        load(clickhouse, "chain", block("chain", *world.chains))
        load(clickhouse, "alert.state", block("alert_state", *world.alerts))
        load(clickhouse, "finding", block("finding", *world.findings, world.covered(SHARED["alert_id"], 0)))
        for kind, rows in world.events.items():
            load(clickhouse, f"event.{kind}", events(kind, *rows, first=1000 * number))
    load(clickhouse, "alert.state", block("alert_state", SHARED))
