"""What a recall touches, and what became of it."""

from __future__ import annotations

from suyuan.access.scope import EVERYTHING, Division, Platform, Scope
from suyuan.queries.impact import impact
from tests.sinks.contract.hopping import shipment
from tests.sinks.contract.views import load
from tests.sinks.rows import GTIN, MAKER, NOW, PLATFORM, SELLER, block, chain, events, lot

HOUR = 3_600_000


def told(found):
    return {each.listing_id: (each.certainty, each.fate) for each in found.listings}


class ImpactContract:
    def filled(self, clickhouse, *names):
        load(clickhouse, "event.lot", events("lot", lot("L1"), lot("made", "L1"), lot("other")))
        load(clickhouse, "event.shipment", events("shipment", shipment(1, "L1", MAKER, SELLER)))
        said = {"recall_no": "c1", "producer_code": MAKER, "gtin": GTIN, "lots": list(names), "level": 1, "reason": "r"}
        first = said | {"status": "open", "received_at": NOW + 10, "event_id": "r1"}
        load(clickhouse, "event.recall", events("recall", first, first | {"occurred_at": NOW + 5, "event_id": "r2"}))

        def version(number, revision, after, **fields):
            of_lot = {"producer_code": MAKER, "gtin": GTIN, "lot": "L1", "seller_division": "330106"}
            return chain(number, revision, received_at=NOW + after, **of_lot | fields)

        removed = {"status": "removed", "verdict": "removed"}
        versions = [
            version(1, 1, 0),
            version(2, 1, 0),
            version(2, 2, 20, **removed),
            version(3, 1, 0),
            version(3, 2, 20, **removed),
            version(3, 3, 30),
            version(4, 1, 0),
            version(4, 2, 20, lot="other"),
            version(5, 1, 0),
            version(5, 2, 5, **removed),
            version(6, 1, 0, lot=None),
            version(7, 1, 0, lot="other"),
            version(8, 1, 40, lot="made"),
        ]
        load(clickhouse, "chain", block("chain", *versions))

    def test_listings_that_sell_it_and_those_that_did_when_it_was_published(self, clickhouse):
        self.filled(clickhouse, "L1")
        found = impact(clickhouse, EVERYTHING, MAKER, "c1")
        assert told(found) == {
            "l1": ("certain", "on_sale"),
            "l2": ("certain", "removed"),
            "l3": ("certain", "relisted"),
            "l4": ("certain", "changed"),
            "l6": ("possible", "on_sale"),
            "l8": ("certain", "on_sale"),
        }
        by_name = {each.listing_id: each for each in found.listings}
        assert (by_name["l2"].removed_at, by_name["l3"].relisted_at) == (NOW + 20, NOW + 30)
        assert (found.happened_at, found.known_at, found.partial) == (NOW, NOW + 10, False)
        assert [(each.key.lot, each.depth) for each in found.lots] == [("L1", 0), ("made", 1)]
        held = {(each.lot.lot, each.holder): each.held for each in found.holders}
        assert held == {("L1", MAKER): 93, ("L1", SELLER): 7, ("made", MAKER): 100}

    def test_a_recall_of_every_lot(self, clickhouse):
        self.filled(clickhouse)
        found = impact(clickhouse, EVERYTHING, MAKER, "c1")
        assert {each.key.lot for each in found.lots} == {"L1", "made", "other"}
        assert told(found)["l7"] == ("certain", "on_sale")

    def test_as_it_was_known(self, clickhouse):
        self.filled(clickhouse, "L1")
        assert impact(clickhouse, EVERYTHING, MAKER, "c1", NOW + 9) is None
        assert told(impact(clickhouse, EVERYTHING, MAKER, "c1", NOW + 25))["l3"] == ("certain", "removed")
        assert impact(clickhouse, EVERYTHING, MAKER, "c9") is None

    def test_whoever_is_touched_sees_their_part_and_nobody_else_anything(self, clickhouse):
        self.filled(clickhouse, "L1")
        mine = impact(clickhouse, Scope((Platform(PLATFORM),)), MAKER, "c1")
        assert told(mine)["l1"] == ("certain", "on_sale")
        assert mine.partial
        assert {each.held for each in mine.holders} == {None}
        assert {each.quantity for each in mine.lots} == {None}
        assert told(impact(clickhouse, Scope((Division("33"),)), MAKER, "c1"))["l2"] == ("certain", "removed")
        for other in (Platform("nobody"), Division("65")):
            assert impact(clickhouse, Scope((other,)), MAKER, "c1") is None
