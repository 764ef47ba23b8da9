"""What tracing finds."""

from __future__ import annotations

import datetime as dt

from suyuan.access.scope import EVERYTHING
from suyuan.queries.records import LotKey
from suyuan.queries.tracing import (
    trace_listing,
    trace_lot,
    trace_lot_forward,
    trace_producer,
    trace_product,
)
from tests.sinks.contract.views import load
from tests.sinks.rows import GTIN, MAKER, NOW, PLATFORM, SELLER, block, chain, events, lot


def key(name, maker=MAKER):
    return LotKey(maker, GTIN, name)


def lots(clickhouse, *said):
    load(clickhouse, "event.lot", events("lot", *said))


def shipment(number, name, sender, receiver, quantity):
    said = {"shipment_id": f"s{number}", "producer_code": MAKER, "gtin": GTIN, "lot": name}
    return said | {"from_code": sender, "to_code": receiver, "quantity": quantity}


def inspection(number, name, result="pass"):
    said = {"report_no": f"r{number}", "agency_code": "AG", "producer_code": MAKER, "gtin": GTIN, "lot": name}
    return said | {"result": result, "failed_items": [], "inspected_on": dt.date(2026, 9, number), "purpose": "self"}


def recall(number, *names, status="open"):
    said = {"recall_no": f"c{number}", "producer_code": MAKER, "gtin": GTIN, "lots": list(names), "level": 1}
    return said | {"reason": "r", "status": status}


def reached(trace):
    return {traced.key.lot: traced.depth for traced in trace.lots}


class TracingContract:
    def test_back_to_the_leaves_each_lot_once(self, clickhouse):
        lots(clickhouse, lot("end", "a", "b"), lot("a", "root"), lot("b", "root", "unknown"), lot("root"), lot("other"))
        trace = trace_lot(clickhouse, EVERYTHING, key("end"))
        assert reached(trace) == {"end": 0, "a": 1, "b": 1, "root": 2, "unknown": 2}
        assert {(link.upstream.lot, link.downstream.lot, link.quantity) for link in trace.links} == {
            ("a", "end", 10),
            ("b", "end", 10),
            ("root", "a", 10),
            ("root", "b", 10),
            ("unknown", "b", 10),
        }
        assert trace.cycles == []
        assert {traced.key.lot for traced in trace.lots if traced.record is None} == {"unknown"}

    def test_nothing_passes_through_a_lot_whose_gtin_names_no_product(self, clickhouse):
        shops = {"producer_code": MAKER, "gtin": "02112345678900", "lot": "shops"}
        into = lot("end", "a")
        into["inputs"].append(shops | {"quantity": 10})
        lots(clickhouse, into, lot("a"), lot("root"), lot("shops", "root") | shops)
        assert reached(trace_lot(clickhouse, EVERYTHING, key("end"))) == {"end": 0, "a": 1, "shops": 1}
        assert reached(trace_lot_forward(clickhouse, EVERYTHING, key("root"))) == {"root": 0, "shops": 1}

    def test_circles_are_reported_and_not_followed(self, clickhouse):
        lots(clickhouse, lot("a", "b"), lot("b", "c"), lot("c", "a", "leaf"), lot("self", "self"), lot("leaf"))
        back = trace_lot(clickhouse, EVERYTHING, key("a"))
        assert reached(back) == {"a": 0, "b": 1, "c": 2, "leaf": 3}
        (circle,) = back.cycles
        assert sorted(member.lot for member in circle) == ["a", "b", "c"]
        went_into = {(link.upstream, link.downstream) for link in back.links}
        assert all(pair in went_into for pair in zip(circle, circle[1:] + circle[:1], strict=True))
        assert trace_lot(clickhouse, EVERYTHING, key("self")).cycles == [[key("self")]]
        assert len(trace_lot_forward(clickhouse, EVERYTHING, key("b")).cycles) == 1

    def test_a_lot_comes_with_its_producer_inspections_and_recalls(self, clickhouse):
        lots(clickhouse, lot("L1"))
        load(clickhouse, "event.entity", events("entity", {"code": MAKER, "name": "厂", "status": "active"}))
        found = [inspection(1, "L1"), inspection(3, None, "fail"), inspection(2, "L1", "fail"), inspection(4, "L2")]
        load(clickhouse, "event.inspection", events("inspection", *found))
        recalls = [recall(1, "L1", "L9"), recall(2), recall(3, "L2"), recall(4, "L1", status="closed")]
        load(clickhouse, "event.recall", events("recall", *recalls))
        (traced,) = trace_lot(clickhouse, EVERYTHING, key("L1")).lots
        assert traced.producer["name"] == "厂"
        assert [row["report_no"] for row in traced.inspections] == ["r3", "r2", "r1"]
        assert [row["recall_no"] for row in traced.recalls] == ["c1", "c2", "c4"]
        assert traced.record["evidence"] == f"lot/{MAKER}/lot-0~01234567"

    def test_back_from_a_listing(self, clickhouse):
        lots(clickhouse, lot("end", "root"), lot("root"))
        said = [chain(1, producer_code=MAKER, gtin=GTIN, lot="end"), chain(2, producer_code=MAKER, gtin=GTIN)]
        load(clickhouse, "chain", block("chain", *said))
        trace = trace_listing(clickhouse, EVERYTHING, PLATFORM, "l1")
        assert (trace.chain["listing_id"], reached(trace)) == ("l1", {"end": 0, "root": 1})
        assert trace_listing(clickhouse, EVERYTHING, PLATFORM, "l2").lots == []
        assert trace_listing(clickhouse, EVERYTHING, PLATFORM, "l3") is None

    def test_only_current_records_count(self, clickhouse):
        lots(clickhouse, lot("end", "old"), lot("end", "new") | {"occurred_at": NOW + 1}, lot("old"))
        assert reached(trace_lot(clickhouse, EVERYTHING, key("end"))) == {"end": 0, "new": 1}
        assert reached(trace_lot_forward(clickhouse, EVERYTHING, key("old"))) == {"old": 0}

    def test_a_repeat_that_says_otherwise_does_not_count(self, clickhouse):
        lots(clickhouse, lot("end", "old"), lot("end", "new") | {"occurred_at": NOW + 1, "outcome": "duplicate"})
        assert reached(trace_lot(clickhouse, EVERYTHING, key("end"))) == {"end": 0, "old": 1}

    def test_as_it_was_known(self, clickhouse):
        lots(clickhouse, lot("end", "old"), lot("end", "new") | {"occurred_at": NOW + 1, "received_at": NOW + 1000})
        said = chain(1, producer_code=MAKER, gtin=GTIN, lot="end", received_at=NOW + 500)
        load(clickhouse, "chain", block("chain", said, said | {"assessment": 2, "lot": "x", "received_at": NOW + 900}))
        assert reached(trace_lot(clickhouse, EVERYTHING, key("end"), as_of=NOW + 999)) == {"end": 0, "old": 1}
        assert reached(trace_lot_forward(clickhouse, EVERYTHING, key("old"), as_of=NOW + 999)) == {"old": 0, "end": 1}
        offers = [
            len(trace_lot_forward(clickhouse, EVERYTHING, key("end"), as_of=NOW + at).offers) for at in (499, 500, 900)
        ]
        assert offers == [0, 1, 0]

    def test_forward_to_who_holds_how_much(self, clickhouse):
        lots(clickhouse, lot("L1", quantity=100), lot("made", "L1", quantity=50))
        sent = [
            shipment(1, "L1", MAKER, "W", 60),
            shipment(2, "L1", "W", SELLER, 70),
            shipment(3, "made", MAKER, "W", 5),
            shipment(5, "made", "W", "V", 0),
        ]
        of_another_lot = shipment(1, "other", MAKER, "W", 60) | {"occurred_at": NOW - 1}
        corrected = [shipment(4, "L1", MAKER, "W", 7) | {"occurred_at": NOW - 1}, shipment(4, "L1", MAKER, "W", 0)]
        second_line = shipment(1, "L1", MAKER, "W", 3) | {"line": "2"}
        load(clickhouse, "event.shipment", events("shipment", *sent, of_another_lot, *corrected, second_line))
        trace = trace_lot_forward(clickhouse, EVERYTHING, key("L1"))
        assert reached(trace) == {"L1": 0, "made": 1}
        held = {(holding.lot.lot, holding.holder): holding.held for holding in trace.holdings}
        assert held == {("L1", MAKER): 37, ("L1", "W"): -7, ("L1", SELLER): 70, ("made", MAKER): 45, ("made", "W"): 5}

    def test_forward_to_the_listings_that_sell_it_for_certain_or_possibly(self, clickhouse):
        lots(clickhouse, lot("L1"), lot("made", "L1"))
        said = [
            chain(1, producer_code=MAKER, gtin=GTIN, lot="L1"),
            chain(2, producer_code=MAKER, gtin=GTIN, lot="made"),
            chain(3, producer_code=MAKER, gtin=GTIN),
            chain(4, producer_code=MAKER, gtin=GTIN, lot="L1", status="removed"),
            chain(5, producer_code=MAKER, gtin=GTIN, lot="other"),
            chain(6, gtin=GTIN),
            chain(7, producer_code=SELLER, gtin=GTIN, lot="L1"),
            chain(8, producer_code=MAKER, gtin=GTIN, lot="L1"),
            chain(8, producer_code=MAKER, gtin=GTIN, lot="other", revision=2),
        ]
        load(clickhouse, "chain", *(block("chain", each) for each in said))
        offers = trace_lot_forward(clickhouse, EVERYTHING, key("L1")).offers
        assert [(offer.chain["listing_id"], offer.certainty) for offer in offers] == [
            ("l1", "certain"),
            ("l2", "certain"),
            ("l3", "possible"),
            ("l6", "possible"),
        ]

    def test_forward_from_a_product_and_from_a_producer(self, clickhouse):
        lots(clickhouse, lot("L1"), lot("L2"), lot("theirs", maker="M2"), lot("made", maker="M3"))
        into = lot("made", maker="M3") | {"gtin": "x", "inputs": lot("", "L2")["inputs"]}
        load(clickhouse, "event.lot", events("lot", into, first=10))
        load(clickhouse, "chain", block("chain", chain(1, gtin=GTIN)))
        product = trace_product(clickhouse, EVERYTHING, GTIN)
        assert len(product.lots) == 5
        assert reached(trace_producer(clickhouse, EVERYTHING, MAKER)) == {"L1": 0, "L2": 0, "made": 1}
        assert [offer.certainty for offer in trace_product(clickhouse, EVERYTHING, GTIN).offers] == ["possible"]
        assert trace_product(clickhouse, EVERYTHING, "unheard of").lots == []
        load(clickhouse, "chain", block("chain", chain(2, gtin="no lot yet")))
        assert len(trace_product(clickhouse, EVERYTHING, "no lot yet").offers) == 1
