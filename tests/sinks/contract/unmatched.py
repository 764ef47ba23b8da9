"""What is well-formed and matches nothing."""

from __future__ import annotations

import datetime as dt
from itertools import count

import pytest
from prometheus_client import REGISTRY

from suyuan.access.scope import EVERYTHING
from suyuan.queries import sql as queries
from suyuan.queries.paging import Page
from suyuan.queries.sql import UnmatchedFilter
from suyuan.runtime.unmatched_count import UnmatchedCount
from tests.sinks.contract.views import load
from tests.sinks.rows import GTIN, MAKER, NOW, SELLER, events, lot

CASE = "16901234567899"
IN_HOUSE = "02012345678903"
serial = count()


def product(gtin=GTIN, maker=MAKER, **fields):
    said = {"gtin": gtin, "producer_code": maker, "name": "绿茶", "category": "tea", "requires_licence": False}
    return said | fields


def recall(number, *lots, gtin=GTIN, maker=MAKER, **fields):
    said = {"recall_no": number, "producer_code": maker, "gtin": gtin, "lots": list(lots), "level": 1}
    return said | {"reason": "铅超标", "status": "open"} | fields


def inspection(number, name=None, gtin=GTIN, maker=MAKER, **fields):
    said = {"report_no": number, "agency_code": SELLER, "producer_code": maker, "gtin": gtin, "lot": name}
    said |= {"purpose": "spot_check", "result": "fail", "failed_items": [], "inspected_on": dt.date(2026, 9, 2)}
    return said | fields


def shipment(number, name, gtin=GTIN, maker=MAKER, **fields):
    said = {"shipment_id": number, "producer_code": maker, "gtin": gtin, "lot": name, "from_code": maker}
    return said | {"to_code": SELLER, "quantity": 5} | fields


def publish(clickhouse, kind, *rows):
    first = next(serial) * 1000
    load(clickhouse, f"event.{kind}", events(kind, *rows, first=first))


def found(clickhouse, kind=None, **wanted):
    """{(kind, what names the record, missing, gtin, lot)}"""
    rows = queries.unmatched(clickhouse, EVERYTHING, UnmatchedFilter(kind, **wanted), Page(1_000)).rows
    names = {"recall": "R", "inspection": "I", "shipment": "S"}
    return sorted(
        (
            row["kind"],
            next((part for part in row["key"] if part.startswith(names.get(row["kind"], "L"))), ""),
            row["missing"],
            row["gtin"],
            row["lot"],
        )
        for row in rows
    )


class UnmatchedContract:
    @pytest.fixture
    def market(self, clickhouse):
        """A product and a lot of it."""
        publish(clickhouse, "product", product())
        publish(clickhouse, "lot", lot("L1"))
        return clickhouse

    def test_what_matches_is_not_listed(self, market):
        publish(market, "recall", recall("R1", "L1"), recall("R2"), recall("R3", "none", status="closed"))
        publish(market, "inspection", inspection("I1", "L1"), inspection("I2"), inspection("I3", "L9", result="pass"))
        publish(market, "shipment", shipment("S1", "L1"), shipment("S2", "L9", quantity=0))
        publish(market, "lot", lot("L2", "L1"))
        assert found(market) == []
        assert queries.count_unmatched(market, EVERYTHING, UnmatchedFilter()) == {
            "recall": 0,
            "inspection": 0,
            "shipment": 0,
            "lot": 0,
        }

    def test_an_open_recall_is_listed_for_its_product_or_each_lot_that_nobody_knows(self, market):
        publish(
            market,
            "recall",
            recall("R1", "L1", "H1,H2", "H1 H2"),
            recall("R2", gtin=CASE),
            recall("R3", "L1", maker=SELLER),
            recall("R4", "l1"),
        )
        assert found(market) == [
            ("recall", "R1", "lot", GTIN, "H1 H2"),
            ("recall", "R1", "lot", GTIN, "H1,H2"),
            ("recall", "R2", "product", CASE, ""),
            ("recall", "R3", "product", GTIN, ""),
            ("recall", "R4", "lot", GTIN, "l1"),
        ]
        assert queries.count_unmatched(market, EVERYTHING, UnmatchedFilter())["recall"] == 4

    def test_a_failed_inspection_is_listed_for_its_product_or_its_lot(self, market):
        publish(market, "inspection", inspection("I1", "L9"), inspection("I2", gtin=CASE), inspection("I3", "L1"))
        assert found(market) == [("inspection", "I1", "lot", GTIN, "L9"), ("inspection", "I2", "product", CASE, "")]

    def test_a_shipment_is_listed_for_its_lot_also_that_of_a_case(self, market):
        publish(market, "shipment", shipment("S1", "L9"), shipment("S2", "L1", gtin=CASE), shipment("S3", "L1"))
        assert found(market) == [("shipment", "S1", "lot", GTIN, "L9"), ("shipment", "S2", "lot", CASE, "L1")]

    def test_a_lot_is_listed_for_its_product_and_for_each_input(self, market):
        other = lot("L3", "L1", "X1", "X2") | {"gtin": CASE}
        publish(market, "lot", lot("L2", "L1", "X1"), other)
        assert found(market) == [
            ("lot", "L2", "input", GTIN, "X1"),
            ("lot", "L3", "input", GTIN, "X1"),
            ("lot", "L3", "input", GTIN, "X2"),
            ("lot", "L3", "product", CASE, ""),
        ]
        assert queries.count_unmatched(market, EVERYTHING, UnmatchedFilter())["lot"] == 2

    def test_a_number_for_use_inside_one_company_names_nothing_known(self, market):
        publish(market, "product", product(IN_HOUSE))
        publish(market, "lot", lot("L5") | {"gtin": IN_HOUSE})
        publish(market, "recall", recall("R1", "L5", gtin=IN_HOUSE))
        publish(market, "inspection", inspection("I1", gtin=IN_HOUSE))
        publish(market, "shipment", shipment("S1", "L5", gtin=IN_HOUSE))
        assert found(market) == [
            ("inspection", "I1", "product", IN_HOUSE, ""),
            ("lot", "L5", "product", IN_HOUSE, ""),
            ("recall", "R1", "product", IN_HOUSE, ""),
            ("shipment", "S1", "lot", IN_HOUSE, "L5"),
        ]

    def test_only_the_current_record_counts(self, market):
        later = {"occurred_at": NOW + 1}
        publish(market, "recall", recall("R1", "L9"), recall("R1", "L9", status="closed", **later))
        publish(market, "inspection", inspection("I1", "L9"), inspection("I1", "L9", result="pass", **later))
        publish(market, "shipment", shipment("S1", "L9"), shipment("S1", "L9", quantity=0, **later))
        publish(market, "lot", lot("L2", "X1"), lot("L2", "L1") | later)
        publish(market, "recall", recall("R2", "L1"), recall("R2", "L8", **later))
        publish(market, "recall", recall("R3", "L7", outcome="duplicate"))
        assert found(market) == [("recall", "R2", "lot", GTIN, "L8")]
        publish(market, "product", product(maker=SELLER, **later))
        assert ("lot", "L1", "product", GTIN, "") in found(market)

    def test_what_is_named_may_come_later(self, market):
        publish(market, "recall", recall("R1", "L9"))
        publish(market, "shipment", shipment("S1", "L9"))
        assert len(found(market)) == 2
        publish(market, "lot", lot("L9"))
        assert found(market) == []

    def test_by_kind_publisher_and_age_the_newest_first(self, market):
        publish(market, "shipment", shipment("S1", "L7"), shipment("S2", "L8", publisher=SELLER, received_at=NOW + 9))
        publish(market, "recall", recall("R1", "L9"))
        assert [row["lot"] for row in queries.unmatched(market, EVERYTHING, UnmatchedFilter(), Page(9)).rows] == [
            "L8",
            "L9",
            "L7",
        ]
        assert [row["lot"] for row in queries.unmatched(market, EVERYTHING, UnmatchedFilter(), Page(1)).rows] == ["L8"]
        assert [name for _, name, *_ in found(market, "shipment")] == ["S1", "S2"]
        assert [name for _, name, *_ in found(market, publisher=SELLER)] == ["S2"]
        assert [name for _, name, *_ in found(market, taken_in_before=NOW + 9)] == ["R1", "S1"]
        assert queries.count_unmatched(market, EVERYTHING, UnmatchedFilter(taken_in_before=NOW)) == dict.fromkeys(
            ("recall", "inspection", "shipment", "lot"), 0
        )
        (row,) = queries.unmatched(market, EVERYTHING, UnmatchedFilter("recall"), Page(9)).rows
        assert (row["publisher"], row["received_at"], row["producer_code"]) == (MAKER, NOW, MAKER)
        assert f"{MAKER}/recall-" in row["evidence"]

    def test_a_running_system_counts_them_and_less_often_where_that_takes_long(self, market):
        """Each look at the clock comes three seconds after the one before."""
        times = iter(range(0, 1000, 3))
        counting = UnmatchedCount(market, clock=lambda: next(times))
        publish(market, "shipment", shipment("S1", "L7", received_at=1_000), shipment("S2", "L7", received_at=1_000))
        counting.look()
        assert counted("shipment") == 2
        publish(market, "lot", lot("L7"))
        counting.look()
        assert counted("shipment") == 2
        for _ in range(20):
            counting.look()
        assert counted("shipment") == 0


def counted(kind):
    return REGISTRY.get_sample_value("suyuan_unmatched", {"kind": kind})
