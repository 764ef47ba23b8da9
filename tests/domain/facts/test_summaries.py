import datetime as dt

import msgspec
import polars as pl
import pytest

from suyuan.domain.facts.custody import CustodyFacts, custody
from suyuan.domain.facts.item import ItemFacts, summarise_item
from suyuan.domain.facts.lineage import Taint
from suyuan.domain.facts.lot import LotFacts, quality_anew, summarise_lot
from suyuan.domain.facts.producer import LicenceFacts, ProducerFacts, summarise_licence, summarise_producer
from suyuan.domain.keys import join_key
from suyuan.domain.records import decode_record

GTIN = "06900000000014"
LOT = join_key("P", GTIN, "L1")


def test_a_producer_without_an_entity_record_is_known_by_its_licences(make):
    facts = summarise_producer("P", None, [make.licence(licence_no="B"), make.licence(licence_no="A")])
    assert (facts.registered, facts.status, facts.evidence) == (False, None, None)
    assert [held.licence_no for held in facts.licences] == ["A", "B"]


def test_licences_of_others_are_passed_over(make):
    facts = summarise_producer("P", make.entity(status="abnormal"), [make.licence(holder_code="Q")])
    assert (facts.registered, facts.status, facts.licences) == (True, "abnormal", ())


def test_the_latest_inspection_is_by_day_then_time_then_report_then_agency(make):
    day = dt.date(2026, 5, 1)
    reports = [
        make.inspection(report_no="R1", inspected_on=day, occurred_at=5),
        make.inspection(report_no="R3", inspected_on=day, occurred_at=9),
        make.inspection(report_no="R2", inspected_on=day, occurred_at=9),
        make.inspection(report_no="R9", inspected_on=dt.date(2026, 4, 30), occurred_at=99),
    ]
    assert summarise_item("P", GTIN, None, reports, []).inspection.report_no == "R3"
    assert summarise_item("P", GTIN, None, reports[::-1], []).inspection.report_no == "R3"
    of_agencies = [make.inspection(agency_code=code, result=result) for code, result in (("A", "pass"), ("B", "fail"))]
    assert summarise_item("P", GTIN, None, of_agencies, []).inspection.result == "fail"
    assert summarise_item("P", GTIN, None, of_agencies[::-1], []).inspection.result == "fail"


def test_inspections_of_a_lot_and_of_the_product_are_kept_apart(make):
    reports = [make.inspection(report_no="R1"), make.inspection(report_no="R2", lot="L1")]
    assert summarise_item("P", GTIN, None, reports, []).inspection.report_no == "R1"
    assert summarise_lot(LOT, None, [], reports, [], []).inspection.report_no == "R2"
    assert summarise_lot(join_key("P", GTIN, "L2"), None, [], reports, [], []).inspection is None


def test_the_gravest_open_recall_counts_the_most_recent_of_several(make):
    recalls = [
        make.recall(recall_no="A", level=1, status="closed"),
        make.recall(recall_no="B", level=3, occurred_at=9),
        make.recall(recall_no="C", level=2, occurred_at=1),
        make.recall(recall_no="D", level=2, occurred_at=2),
        make.recall(recall_no="E", level=2, occurred_at=3, lots=("L1",)),
    ]
    item = summarise_item("P", GTIN, None, [], recalls)
    assert (item.recall_all.recall_no, item.recall_some.recall_no) == ("D", "E")
    assert summarise_lot(LOT, None, [], [], recalls, []).recall.recall_no == "E"
    assert summarise_lot(join_key("P", GTIN, "L2"), None, [], [], recalls, []).recall is None


def test_another_producers_records_of_the_same_gtin_do_not_count(make):
    recalls, reports = [make.recall(producer_code="Q")], [make.inspection(producer_code="Q")]
    facts = summarise_item("P", GTIN, make.product(producer_code="Q"), reports, recalls)
    assert (facts.inspection, facts.recall_all) == (None, None)
    assert (facts.known, facts.product_producer) == (True, "Q")


def test_a_lot_without_a_record_still_has_its_recall(make):
    facts = summarise_lot(LOT, None, [make.shipment(from_code="A")], [], [make.recall(lots=("L1",))], [])
    assert (facts.known, facts.recall.recall_no, facts.exceeded) == (False, "RC1", ())


def test_inputs_are_named_nearest_first_and_never_the_lot_itself(make):
    def taint(lot, kind, depth):
        return Taint(join_key("Q", GTIN, lot), kind, f"X/{lot}", depth)

    own = Taint(LOT, "failed", "X/own")
    recalled = [taint(lot, "recalled", depth) for lot, depth in [("far", 4), ("b", 2), ("a", 2), ("near", 1)]]
    facts = summarise_lot(LOT, make.lot(), [], [], [], [own, *recalled])
    assert [(x.lot, x.evidence) for x in facts.input_recalled] == [("near", "X/near"), ("a", "X/a"), ("b", "X/b")]
    assert facts.input_failed == ()


def test_quality_anew_is_what_a_summary_says(make):
    reports, recalls = [make.inspection(lot="L1"), make.inspection()], [make.recall(lots=("L1",)), make.recall()]
    taints = [Taint(join_key("Q", GTIN, "I"), "failed", "X/1", 1), Taint(LOT, "recalled", "X/own")]
    for known, now in [([], []), (reports, recalls)], [(reports, recalls), ([], [])]:
        before = summarise_lot(LOT, make.lot(), [make.shipment(quantity=500)], *known, [])
        after = summarise_lot(LOT, make.lot(), [make.shipment(quantity=500)], *now, taints)
        assert quality_anew(before, *now, taints) == after


def full_facts(make):
    licence = make.licence(valid_to=dt.date(2027, 1, 1))
    report, recall = make.inspection(), make.recall()
    taint = Taint(join_key("Q", GTIN, "I"), "failed", "X/1", 1)
    shipments = [make.shipment(quantity=500)]
    return [
        summarise_producer("P", make.entity(), [licence]),
        summarise_licence(licence),
        summarise_item("P", GTIN, make.product(), [report], [recall]),
        summarise_lot(
            LOT,
            make.lot(expires_on=dt.date(2026, 9, 9)),
            shipments,
            [make.inspection(lot="L1")],
            [make.recall(lots=("L1",))],
            [taint],
        ),
        custody(LOT, "P", shipments)["S"],
        summarise_producer("P", None, []),
        summarise_item("P", GTIN, None, [], []),
        summarise_lot(LOT, None, [], [], [], []),
    ]


def test_facts_read_as_columns_are_the_facts(make):
    """Every field of every kind of fact survives JSON and the dtype, nested ones and absent ones too."""
    kinds = {type(facts) for facts in full_facts(make)}
    assert kinds == {ProducerFacts, LicenceFacts, ItemFacts, LotFacts, CustodyFacts}
    for facts in full_facts(make):
        frame = pl.Series([facts.to_json().decode()]).str.json_decode(facts.DTYPE).struct.unnest()
        assert msgspec.convert(frame.row(0, named=True), type(facts)) == facts


def test_a_record_is_read_from_its_body():
    body = (
        '{"event_id":"E1","publisher":"X","occurred_at":5,"kind":"lot","producer_code":"P","gtin":"06900000000014",'
        '"lot":"L1","produced_on":"2026-01-02","expires_on":null,"quantity":3,'
        '"inputs":[{"producer_code":"Q","gtin":"06900000000021","lot":"I","quantity":1}]}'
    )
    lot = decode_record("lot", body)
    assert (lot.evidence, lot.recency) == ("lot/X/E1", (5, "E1", "X", 0))
    assert (lot.produced_on, lot.expires_on, lot.inputs[0].lot) == (dt.date(2026, 1, 2), None, "I")


def test_what_is_no_such_record_is_refused():
    with pytest.raises(KeyError):
        decode_record("listing", "{}")
    with pytest.raises(msgspec.DecodeError):
        decode_record("lot", '{"event_id":"E1"}')
