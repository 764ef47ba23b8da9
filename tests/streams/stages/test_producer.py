"""Producer: listings meet records, whatever comes first; nothing is assessed before its home has answered."""

import json
from dataclasses import replace

import pytest

from suyuan.domain.facts.seller import UNKNOWN
from suyuan.domain.keys import join_key, partition_of
from tests.streams.stages.part import T0, Part
from tests.streams.stages.published import (
    GTIN,
    OTHER_GTIN,
    OTHER_PRODUCER,
    OTHER_SELLER,
    PRODUCER,
    SELLER,
    event,
)


class Producer(Part):
    """With `records` and `listings` for what comes in; questions are answered by an empty home."""

    def __init__(self, upstream, slice_rows=4000, **place):
        super().__init__("producer", slice_rows=slice_rows, **place)
        self.upstream = upstream

    def listings(self, *events):
        """A block of listings: what it sends, before the homes of sellers elsewhere have answered."""
        sent = self.rows("producer.listing", self.upstream.producer_listings(*events))
        if asked := sent["producer.seller"]:
            answer = {"message": "told", "version": 1, "facts": UNKNOWN.decode(), "received_at": 0}
            self.rows("producer.seller", [row | answer for row in asked])
        return sent

    def records(self, *events, redelivered=False):
        """A block of records: what it sends."""
        return self.rows("producer.record", self.upstream.records("producer.record", *events), redelivered=redelivered)

    def answer(self, sent):
        """The home has none of what is asked: what that sends."""
        rows = self.upstream.intake.rows("intake.lookup", sent["intake.lookup"])["producer.record"]
        return self.rows("producer.record", rows)

    def settled(self, sent):
        """gaps by listing of all that a message leads to, through backlog and lineage; the last ones count."""
        found = {}
        waiting = [sent]
        while waiting:
            sent = waiting.pop(0)
            found |= gaps(sent)
            onward = [topic for topic in ("producer.backlog", "producer.lineage") if sent[topic]]
            waiting += [self.rows(topic, sent[topic]) for topic in onward]
        return found


def gaps(sent):
    """Gap names by listing_id."""
    return {row["listing_id"]: set(row["gap_names"]) for row in sent["chain"]}


@pytest.fixture
def producer(upstream):
    return Producer(upstream)


REGISTERED = event("entity", code=PRODUCER)


def test_nothing_is_said_of_a_product_before_its_home_has_answered(producer):
    producer.records(REGISTERED)
    sent = producer.listings(event("listing"), event("listing", listing_id="2", gtin=None, lot=None))
    assert set(gaps(sent)) == {"2"}
    assert [(row["kind"], row["key"], row["asker"]) for row in sent["intake.lookup"]] == [("product", GTIN, 0)]
    assert set(producer.listings(event("listing", listing_id="3"))) == set(), "waits for the same answer"
    sent = producer.answer(sent)
    assert set(gaps(sent)) == {"1", "3"}
    assert all("product_unknown" in names for names in gaps(sent).values())
    assert gaps(producer.listings(event("listing", listing_id="4")))["4"] >= {"product_unknown"}


def test_the_record_itself_is_as_good_as_an_answer(producer):
    producer.records(REGISTERED)
    producer.listings(event("listing"))
    assert gaps(producer.records(event("product")))["1"] == {"lot_unknown", "seller_unregistered", "uninspected"}


def test_a_question_goes_to_the_home_of_the_key():
    partitions = 16
    listings = Part("intake", partitions=partitions).events(
        "listing", event("listing"), event("listing", listing_id="2", gtin=OTHER_GTIN)
    )["producer.listing"]
    entity = Part("intake", partitions=partitions).events("entity", REGISTERED)["producer.record"]
    here = partition_of(PRODUCER, partitions)
    producer = Part("producer", partition=here, partitions=partitions)
    producer.rows("producer.record", entity)
    asked = producer.rows("producer.listing", listings)["intake.lookup"]
    assert {(row["@"], row["key"], row["asker"]) for row in asked} == {
        (partition_of(gtin, partitions), gtin, here) for gtin in (GTIN, OTHER_GTIN)
    }


def test_where_the_producers_code_is_no_code_nothing_is_asked(producer):
    sent = producer.listings(event("listing", producer_code="nonsense", licence_no="SC9"))
    assert not sent["intake.lookup"]
    assert gaps(sent)["1"] == {"seller_unregistered", "producer_code_invalid"}


def test_where_the_gtin_names_no_product_in_the_world_nothing_is_asked(producer):
    restricted = "2112345678900"
    producer.records(REGISTERED, event("product", gtin=restricted), event("lot", gtin=restricted))
    sent = producer.listings(event("listing", gtin=restricted, licence_no="SC9"))
    assert not sent["intake.lookup"]
    assert gaps(sent)["1"] == {"seller_unregistered", "gtin_restricted"}


def test_nothing_passes_through_a_lot_whose_gtin_names_no_product(producer):
    restricted = "2112345678900"
    shops, root = ({"producer_code": PRODUCER, "gtin": gtin, "lot": "L9"} for gtin in (restricted, OTHER_GTIN))
    lots = (
        event("lot", inputs=[shops | {"quantity": 1}]),
        event("lot", **shops, inputs=[root | {"quantity": 1}]),
    )
    fails = [event("inspection", report_no=part["gtin"], **part, result="fail") for part in (shops, root)]
    producer.settled(producer.records(REGISTERED, event("product"), *lots, *fails))
    assert "input_failed" not in gaps(producer.listings(event("listing")))["1"]
    sent = producer.records(event("lot", at=1, inputs=[root | {"quantity": 1}]))
    assert "input_failed" in producer.settled(sent)["1"]


def test_a_licence_of_another_producer_is_asked_for_and_waited_for(producer):
    producer.records(REGISTERED, event("product", requires_licence=True))
    sent = producer.listings(event("listing", licence_no="SC1"))
    assert not sent["chain"]
    assert [(row["kind"], row["key"]) for row in sent["intake.lookup"]] == [("licence", "SC1")]
    assert "licence_unknown" in gaps(producer.answer(sent))["1"]
    assert "licence_of_other_holder" in gaps(producer.records(event("licence", holder_code=OTHER_PRODUCER)))["1"]
    assert not gaps(producer.records(event("licence", at=1)))["1"] & {"licence_unknown", "licence_of_other_holder"}


@pytest.mark.parametrize("lost", [False, True], ids=["", "outputs lost, delivered again"])
def test_a_licence_that_moves_to_another_holder_is_missed_by_the_first(producer, lost):
    producer.records(REGISTERED, event("product", requires_licence=True), event("licence"))
    sent = producer.listings(event("listing", lot="L2"), event("listing", listing_id="2", licence_no="SC1"))
    assert all(not any("licence" in gap for gap in names) for names in gaps(sent).values())
    rows = producer.upstream.records("producer.record", event("licence", at=1, holder_code=OTHER_PRODUCER))
    sent = producer.rows("producer.record", rows)
    if lost:
        sent = producer.rows("producer.record", rows, redelivered=True)
    found = gaps(sent)
    if sent["intake.lookup"]:
        found |= gaps(producer.answer(sent))
    assert {number: {gap for gap in names if "licence" in gap} for number, names in found.items()} == {
        "1": {"licence_missing"},
        "2": {"licence_of_other_holder"},
    }


KNOWN = (REGISTERED, event("product"), event("lot", expires_on="2026-06-04"), event("inspection"))


def test_a_lot_expires_by_the_day_and_only_its_listings_are_looked_at(producer):
    producer.records(*KNOWN, event("lot", lot="L2", expires_on="2026-06-05"))
    producer.listings(event("listing"), event("listing", listing_id="2", lot="L2"))
    assert not producer.records(event("day", date="2026-06-04"))["chain"], "still good on that day"
    sent = producer.records(event("day", date="2026-06-05"))
    assert {number: "lot_expired" in names for number, names in gaps(sent).items()} == {"1": True}
    assert not producer.records(event("day", date="2026-06-03"))["chain"], "days do not go back"
    assert "lot_expired" in gaps(producer.listings(event("listing", listing_id="3")))["3"]
    sent = producer.records(event("day", date="2026-06-09"))
    assert {number: "lot_expired" in names for number, names in gaps(sent).items()} == {"2": True}


def test_a_day_whose_outputs_were_lost_is_done_again(producer):
    producer.records(*KNOWN)
    producer.listings(event("listing"))
    rows = producer.upstream.records("producer.record", event("day", date="2026-06-05"))
    producer.rows("producer.record", rows)
    assert "lot_expired" in gaps(producer.rows("producer.record", rows, redelivered=True))["1"]


def test_a_best_before_that_is_put_off_takes_the_expiry_back(producer):
    producer.records(*KNOWN, event("day", date="2026-06-05"))
    assert "lot_expired" in gaps(producer.listings(event("listing")))["1"]
    assert "lot_expired" not in gaps(producer.records(event("lot", at=1, expires_on="2026-07-01")))["1"]
    assert not producer.records(event("day", date="2026-06-06"))["chain"]


def test_a_best_before_that_was_put_off_means_nothing_on_its_former_day(producer):
    producer.records(*KNOWN)
    producer.listings(event("listing"))
    producer.records(event("lot", at=1, expires_on="2026-07-01"))
    assert not producer.records(event("day", date="2026-06-05"))["chain"]


def test_many_listings_are_worked_off_in_slices_with_others_between(upstream):
    producer = Producer(upstream, slice_rows=2)
    producer.records(REGISTERED, event("product"), event("entity", code=OTHER_PRODUCER))
    ids = [f"{number}" for number in range(7)]
    producer.listings(*(event("listing", listing_id=number) for number in ids))
    (row,) = upstream.records("producer.record", event("entity", at=1, code=PRODUCER, status="revoked"))
    sent = producer.rows("producer.record", [row | {"received_at": T0 + 55}])
    told = [sent["chain"]]
    while left := sent["producer.backlog"]:
        other = producer.listings(
            event("listing", listing_id=f"other {len(told)}", producer_code=OTHER_PRODUCER, gtin=None, lot=None)
        )
        assert len(other["chain"]) == 1, "another producer's listing does not wait"
        sent = producer.rows("producer.backlog", left)
        told.append(sent["chain"])
    assert [len(rows) for rows in told] == [2, 2, 2, 1]
    rows = [row for block in told for row in block]
    assert sorted(row["listing_id"] for row in rows) == ids
    assert all("producer_inactive" in row["gap_names"] for row in rows)
    assert {row["received_at"] for row in rows} == {T0 + 55}
    numbers = [row["assessment"] for row in rows]
    assert numbers == sorted(set(numbers))


def test_a_chain_that_is_assessed_again_is_above_the_one_before(producer):
    producer.records(REGISTERED)
    (first,) = producer.listings(event("listing", gtin=None, lot=None))["chain"]
    (second,) = producer.records(event("entity", at=1, code=PRODUCER, status="abnormal"))["chain"]
    (third,) = producer.listings(event("listing", at=1, gtin=None, lot=None))["chain"]
    versions = [(row["revision"], row["assessment"]) for row in (first, second, third)]
    assert versions == sorted(set(versions))
    assert [revision for revision, _ in versions] == [1, 1, 2]


def test_whoever_takes_the_partition_up_is_above_all_who_had_it_before(producer, upstream):
    rows = upstream.producer_listings(*(event("listing", listing_id=str(n), gtin=None, lot=None) for n in range(5)))
    before = producer.rows("producer.listing", rows)["chain"]
    successor = Producer(upstream)
    successor.context = replace(successor.context, epoch=2)
    after = successor.rows("producer.listing", rows[:1])["chain"]
    assert min(row["assessment"] for row in after) > max(row["assessment"] for row in before)


def test_an_inspection_that_moves_to_another_lot_leaves_the_first(producer):
    fail = {"result": "fail", "failed_items": ["x"]}
    producer.records(*KNOWN, event("lot", lot="L2"), event("inspection", **fail))
    sent = producer.listings(event("listing"), event("listing", listing_id="2", lot="L2"))
    assert {number: "inspection_failed" in names for number, names in gaps(sent).items()} == {"1": True, "2": False}
    moved = producer.settled(producer.records(event("inspection", at=1, lot="L2", **fail)))
    assert {number: "inspection_failed" in names for number, names in moved.items()} == {"1": False, "2": True}


def test_only_the_holder_that_a_shipment_concerns_is_looked_at_again(producer):
    producer.records(*KNOWN, event("shipment", quantity=1))
    producer.listings(event("listing"), event("listing", listing_id="2", seller_code=OTHER_SELLER))
    sent = producer.records(event("shipment", shipment_id="S2", quantity=1, to_code=OTHER_SELLER))
    assert "custody_missing" not in gaps(sent)["2"]


def test_a_recall_reaches_the_lots_made_from_it_and_is_taken_back(producer):
    made = {"producer_code": OTHER_PRODUCER, "gtin": OTHER_GTIN, "lot": "M1"}
    part = {"producer_code": PRODUCER, "gtin": GTIN, "lot": "L1", "quantity": 1}
    producer.records(
        event("entity", code=OTHER_PRODUCER), event("product", producer_code=OTHER_PRODUCER, gtin=OTHER_GTIN)
    )
    producer.listings(event("listing", **made))
    found = producer.settled(producer.records(event("lot", **made, inputs=[part])))
    assert "input_recalled" not in found["1"]
    found = producer.settled(producer.records(event("recall", at=0, lots=["L1"])))
    assert "input_recalled" in found["1"]
    found = producer.settled(producer.records(event("recall", at=1, lots=["L1"], status="closed")))
    assert "input_recalled" not in found["1"]
    found = producer.settled(producer.records(event("recall", at=2, lots=[])))
    assert "input_recalled" in found["1"], "every lot of the product"
    found = producer.settled(producer.records(event("lot", at=1, **made, inputs=[])))
    assert "input_recalled" not in found["1"], "it is no longer made from it"


def test_lots_that_are_made_from_each_other_come_to_rest(producer):
    first = {"producer_code": PRODUCER, "gtin": GTIN, "lot": "L1"}
    second = {"producer_code": OTHER_PRODUCER, "gtin": OTHER_GTIN, "lot": "M1"}
    producer.records(REGISTERED, event("product"))
    producer.listings(event("listing"))
    producer.settled(producer.records(event("lot", **first, inputs=[second | {"quantity": 1}])))
    producer.settled(producer.records(event("lot", **second, inputs=[first | {"quantity": 1}])))
    failed = {**second, "result": "fail", "failed_items": ["x"]}
    assert "input_failed" in producer.settled(producer.records(event("inspection", at=0, **failed)))["1"]
    passed = {**second, "result": "pass", "failed_items": []}
    assert "input_failed" not in producer.settled(producer.records(event("inspection", at=1, **passed)))["1"]


def test_a_listing_that_moves_to_another_lot_is_looked_at_where_it_is(producer):
    producer.records(*KNOWN, event("lot", lot="L2"))
    producer.listings(event("listing", at=0))
    producer.listings(event("listing", at=1, lot="L2"))
    assert not producer.records(event("inspection", at=1, result="fail", failed_items=["x"]))["chain"]
    sent = producer.records(event("inspection", report_no="R2", lot="L2", result="fail", failed_items=["x"]))
    assert {row["listing_id"]: row["seller_code"] for row in sent["chain"]} == {"1": SELLER}


MADE = {"producer_code": OTHER_PRODUCER, "gtin": OTHER_GTIN, "lot": "M1"}
PART = {"producer_code": PRODUCER, "gtin": GTIN, "lot": "L1", "quantity": 1}


@pytest.mark.parametrize(
    "change",
    [
        event("entity", at=1, code=PRODUCER, status="revoked"),
        event("product", at=1, requires_licence=True),
        event("lot", at=1, quantity=1),
        event("lot", at=1, inputs=[MADE | {"quantity": 1}]),
        event("shipment", at=1, quantity=7),
        event("shipment", at=1, lot="L2"),
        event("inspection", at=1, result="fail", failed_items=["x"]),
        event("inspection", at=1, report_no="R2", lot=None, result="fail", failed_items=["x"]),
        event("recall", at=1),
        event("recall", at=1, recall_no="C2", lots=["L2"]),
        event("recall", at=1, recall_no="C0", lots=["L2"]),
        event("licence", at=1, holder_code=OTHER_PRODUCER),
        event("day", date="2026-06-05"),
    ],
    ids=lambda change: change["kind"],
)
def test_what_a_record_leads_to_is_sent_again_when_it_is_delivered_again(producer, change):
    producer.records(
        *(*KNOWN, event("shipment"), event("licence"), event("recall", recall_no="C0", lots=["L1"])),
        *(event("entity", code=OTHER_PRODUCER), event("product", producer_code=OTHER_PRODUCER, gtin=OTHER_GTIN)),
    )
    producer.settled(producer.records(event("lot", **MADE, inputs=[PART])))
    producer.listings(
        event("listing"), event("listing", listing_id="2", lot="L2"), event("listing", listing_id="3", **MADE)
    )
    rows = producer.upstream.records("producer.record", change)
    first = producer.rows("producer.record", rows)
    again = producer.rows("producer.record", rows, redelivered=True)
    assert first["chain"] or first["producer.lineage"]
    assert gaps(again).items() >= gaps(first).items()
    told = ("message", "upstream", "downstream", "taints")
    messages = [{tuple(row[name] for name in told) for row in sent["producer.lineage"]} for sent in (first, again)]
    assert messages[1] >= messages[0]


def test_a_question_that_was_lost_is_asked_again(producer):
    producer.records(REGISTERED)
    rows = producer.upstream.producer_listings(event("listing"))
    first = producer.rows("producer.listing", rows)["intake.lookup"]
    assert producer.rows("producer.listing", rows, redelivered=True)["intake.lookup"] == first
    assert not producer.listings(event("listing", listing_id="2"))["intake.lookup"], "it is under way"


PLACE_OF = {code: partition_of(code, 16) for code in (PRODUCER, OTHER_PRODUCER)}


@pytest.fixture
def apart(upstream):
    """Partitions of two producers, by code."""
    assert len(set(PLACE_OF.values())) == 2
    return {code: Producer(upstream, partition=place, partitions=16) for code, place in PLACE_OF.items()}


def test_what_a_lot_was_told_is_told_on_again_when_it_is_delivered_again(apart):
    near, far = apart[PRODUCER], apart[OTHER_PRODUCER]
    near.records(REGISTERED, event("product"), event("recall", lots=["L1"]))
    follow = far.records(event("lot", **MADE, inputs=[PART])).to(PLACE_OF[PRODUCER], "producer.lineage")
    assert [row["message"] for row in follow] == ["follow"]
    answer = near.rows("producer.lineage", follow)["producer.lineage"]
    assert [(row["message"], row["@"]) for row in answer] == [("taints", PLACE_OF[OTHER_PRODUCER])]
    assert near.rows("producer.lineage", follow, redelivered=True)["producer.lineage"] == answer
    far.listings(event("listing", **MADE))
    far.records(event("product", producer_code=OTHER_PRODUCER, gtin=OTHER_GTIN), event("entity", code=OTHER_PRODUCER))
    first = far.rows("producer.lineage", answer)
    again = far.rows("producer.lineage", answer, redelivered=True)
    assert gaps(again) == gaps(first)
    assert "input_recalled" in gaps(again)["1"]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (event("recall", lots=["L1"]), event("recall", at=1, lots=["L1"], status="closed")),
        (event("recall"), event("recall", at=1, status="closed")),
        (event("recall"), event("recall", at=1, lots=["L2"])),
        (event("inspection", result="fail", failed_items=["x"]), event("inspection", at=1, report_no="R2")),
    ],
    ids=["recall of the lot", "recall of the product", "recall of fewer", "fail"],
)
def test_that_a_taint_ended_is_told_to_every_partition_and_again_when_it_is_delivered_again(apart, first, then):
    near, far = apart[PRODUCER], apart[OTHER_PRODUCER]
    near.records(REGISTERED, event("product"), event("lot"))
    follow = far.records(event("lot", **MADE, inputs=[PART])).to(PLACE_OF[PRODUCER], "producer.lineage")
    near.rows("producer.lineage", follow)
    far.listings(event("listing", **MADE))
    far.records(event("product", producer_code=OTHER_PRODUCER, gtin=OTHER_GTIN), event("entity", code=OTHER_PRODUCER))
    told = near.records(first).to(PLACE_OF[OTHER_PRODUCER], "producer.lineage")
    assert gaps(far.rows("producer.lineage", told))["1"] & {"input_recalled", "input_failed"}
    rows = near.upstream.records("producer.record", then)
    sent = near.rows("producer.record", rows)
    ended = [row for row in sent["producer.lineage"] if row["message"] == "ended"]
    assert sorted(row["@"] for row in ended) == [n for n in range(16) if n != PLACE_OF[PRODUCER]]
    again = near.rows("producer.record", rows, redelivered=True)["producer.lineage"]
    assert all(row in again for row in sent["producer.lineage"])
    (word,) = [row for row in ended if row["@"] == PLACE_OF[OTHER_PRODUCER]]
    sent = far.rows("producer.lineage", [word])
    assert not gaps(sent)["1"] & {"input_recalled", "input_failed"}, "before the lot itself has told"
    assert gaps(far.rows("producer.lineage", [word], redelivered=True)) == gaps(sent)


def test_a_taint_that_comes_after_it_ended_is_nothing_and_a_new_one_of_the_same_recall_is(apart):
    near, far = apart[PRODUCER], apart[OTHER_PRODUCER]
    near.records(REGISTERED, event("product"), event("lot"))
    follow = far.records(event("lot", **MADE, inputs=[PART])).to(PLACE_OF[PRODUCER], "producer.lineage")
    near.rows("producer.lineage", follow)
    far.listings(event("listing", **MADE))
    far.records(event("product", producer_code=OTHER_PRODUCER, gtin=OTHER_GTIN), event("entity", code=OTHER_PRODUCER))
    late = near.records(event("recall")).to(PLACE_OF[OTHER_PRODUCER], "producer.lineage")
    sent = near.records(event("recall", at=1, status="closed")).to(PLACE_OF[OTHER_PRODUCER], "producer.lineage")
    far.rows("producer.lineage", [row for row in sent if row["message"] == "ended"])
    assert not far.rows("producer.lineage", late)["chain"]
    new = near.records(event("recall", at=2)).to(PLACE_OF[OTHER_PRODUCER], "producer.lineage")
    assert "input_recalled" in gaps(far.rows("producer.lineage", new))["1"]


def test_what_a_former_version_told_is_understood(apart):
    far = apart[OTHER_PRODUCER]
    far.records(event("lot", **MADE, inputs=[PART]))
    far.listings(event("listing", **MADE))
    far.records(event("product", producer_code=OTHER_PRODUCER, gtin=OTHER_GTIN), event("entity", code=OTHER_PRODUCER))
    root, lot = join_key(PRODUCER, GTIN, "L1"), join_key(*MADE.values())
    former = json.dumps([{"root": root, "kind": "recalled", "path": [root], "evidence": "X/1"}])
    row = {"message": "taints", "upstream": root, "downstream": lot, "taints": former, "received_at": 1}
    assert "input_recalled" in gaps(far.rows("producer.lineage", [row]))["1"]
    assert "input_recalled" not in gaps(far.rows("producer.lineage", [row | {"taints": "[]"}]))["1"]


def test_many_tainted_lots_are_worked_off_in_slices_with_others_between(upstream):
    """A recall of every lot of a product that forty lots were made from, each a row of two."""
    producer = Producer(upstream, slice_rows=40)
    lots = {"producer_code": PRODUCER, "gtin": GTIN}
    made = [event("lot", **lots, lot=f"M{number}", inputs=[PART | {"lot": f"L{number}"}]) for number in range(40)]
    producer.settled(producer.records(REGISTERED, event("product"), event("entity", code=OTHER_PRODUCER), *made))
    producer.listings(*(event("listing", listing_id=str(number), lot=f"M{number}") for number in range(40)))
    producer.settled(producer.records(event("recall", recall_no="C0", status="closed")))
    sent = producer.records(event("recall"))
    turns, recalled = 0, set()
    while left := sent["producer.backlog"]:
        other = producer.listings(
            event("listing", listing_id=f"other {turns}", producer_code=OTHER_PRODUCER, gtin=None, lot=None)
        )
        assert len(other["chain"]) == 1, "another producer's listing does not wait"
        sent = producer.rows("producer.backlog", left)
        again = producer.rows("producer.backlog", left, redelivered=True)
        assert gaps(again).items() >= gaps(sent).items()
        assert again["producer.backlog"] or not sent["producer.backlog"]
        recalled |= {number for number, found in gaps(sent).items() if "input_recalled" in found}
        turns += 1
    assert recalled == {str(number) for number in range(40)}
    assert 10 <= turns <= 50
