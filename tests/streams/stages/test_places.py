"""Chains of places that were met before are looked up: what comes of it is what comes of assessing each listing."""

import asyncio
import copy
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from suyuan.streams.lately import Lately
from suyuan.streams.places import OVERHEAD, Places
from suyuan.streams.runner import Incoming
from suyuan.streams.stage import Run
from suyuan.streams.stages.producer import visits
from tests.reference.strategies import deliveries, markets
from tests.streams.results import newest_chains
from tests.streams.stages.published import OTHER_PRODUCER, OTHER_SELLER, PRODUCER, SELLER, event
from tests.streams.stages.test_producer import KNOWN, Producer, gaps
from tests.streams.world import LAST_MOMENT, Killed, World

DAY_MS = 86_400_000


class Compared(World):
    """A world whose producers do each block twice from the same state: with what they remember of places, and without
    any memory of them.
    """

    def _runner(self, stage):
        if stage.name == "producer":
            stage = replace(stage, blocks={topic: self._both(function) for topic, function in stage.blocks.items()})
        return super()._runner(stage)

    def _both(self, function):
        def both(block, state, context):
            forgetful = replace(context, places=Places(), lately=copy.deepcopy(context.lately))
            before, state_without = copy.deepcopy((state, state))
            outputs = function(block, state, context)
            without = function(block, state_without, forgetful)
            assert changed(state, before) == changed(state_without, before)
            assert [output.topic for output in outputs] == [output.topic for output in without]
            for output, expected in zip(outputs, without, strict=True):
                same_order = output.topic != "chain.parties"
                assert_frame_equal(output.rows, expected.rows, check_row_order=same_order)
            return outputs

        return both


def changed(state, before):
    return {key: value for key, value in zip(*state.changes(), strict=True) if value != before.get(key)}


@st.composite
def versions(draw, events):
    """Further versions of listings: another price, moment and number sold, at the same place or another."""
    listings = [event for event in events if event["kind"] == "listing"]
    made = []
    for number in range(draw(st.integers(0, 12)) if listings else 0):
        listing = draw(st.sampled_from(listings))
        moment = listing["occurred_at"] + draw(st.integers(-400, 400)) * DAY_MS
        made.append(
            listing
            | {
                "event_id": f"again-{number}",
                "listing_id": listing["listing_id"] + draw(st.sampled_from(("", "-other"))),
                "occurred_at": min(moment, LAST_MOMENT),
                "price_fen": number,
                "sold_30d": draw(st.sampled_from((0, 100, 10**9))),
                "status": draw(st.sampled_from(("active", "active", "removed"))),
                "lot": draw(st.sampled_from((listing["lot"], None))),
            }
        )
    return made


@settings(max_examples=settings.default.max_examples // 8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_is_remembered_of_places_makes_no_difference(data):
    events = data.draw(markets(listings=5, products=2))
    events += data.draw(versions(events))
    world = Compared(
        data.draw(st.integers(1, 3)),
        data.draw(st.integers(0, 10_000)),
        crashes=data.draw(st.sampled_from((0.0, 0.1))),
        slice_rows=data.draw(st.sampled_from((2, 4000))),
    )
    for batch in data.draw(deliveries(events)):
        world.publish_events(batch)
        world.drain()


@pytest.fixture
def producer(upstream):
    """One that knows the place of a listing."""
    producer = Producer(upstream)
    producer.records(*KNOWN, event("shipment"))
    producer.listings(event("listing"))
    return producer


def refuse(*_):
    raise AssertionError("assessed")


def test_listings_at_a_known_place_are_not_assessed(producer, monkeypatch):
    monkeypatch.setattr(visits, "assess_places", refuse)
    sent = producer.listings(event("listing", listing_id="2", price_fen=7, title="x"), event("listing", sold_30d=11))
    oversold, other = sorted(sent["chain"], key=lambda row: row["listing_id"])
    assert (other["listing_id"], other["price_fen"], other["title"]) == ("2", 7, "x")
    assert (oversold["verdict"], oversold["gap_names"]) == ("contradicted", ["oversold", "seller_unregistered"])
    assert [gap["detail"] for gap in oversold["gaps"]] == ["no entity record", "sold 11 > received 10"]
    assert not sent["chain.parties"]
    with pytest.raises(AssertionError, match="assessed"):
        producer.listings(event("listing", lot="L2"))


@pytest.fixture
def assessed(monkeypatch):
    """The lots of the places that are assessed, as they are."""
    lots = []
    assess_places = visits.assess_places
    monkeypatch.setattr(
        visits, "assess_places", lambda rows, facts: lots.extend(rows["lot"]) or assess_places(rows, facts)
    )
    return lots


def test_many_listings_at_an_unknown_place_are_assessed_once(producer, assessed):
    sent = producer.listings(*(event("listing", listing_id=f"{number}", lot="L2") for number in range(5)))
    assert (len(sent["chain"]), assessed) == (5, ["L2"])


def test_a_change_of_all_listings_has_each_place_assessed_once_over_all_slices(upstream, assessed):
    producer = Producer(upstream, slice_rows=2)
    producer.records(*KNOWN)
    lots = ("L1", "L2")
    producer.listings(*(event("listing", listing_id=f"{lot} {n}", lot=lot) for lot in lots for n in range(5)))
    assessed.clear()
    sent = producer.records(event("entity", at=1, code=PRODUCER, status="abnormal"))
    assert len(sent["chain"]) == 2
    assert len(producer.settled(sent)) == 10
    assert assessed == ["L1", "L2"]


def test_evidence_is_that_of_the_listing_itself(producer):
    first, second = producer.listings(event("listing", listing_id="2"), event("listing", listing_id="3"))["chain"]
    ((one,), (other,)) = ([gap["evidence"] for gap in row["gaps"]] for row in (first, second))
    assert (one, other) == ([first["listing_event"]], [second["listing_event"]])
    assert one != other


CHANGES = {
    "the seller": event("entity"),
    "the producer": event("entity", at=1, code=PRODUCER, status="revoked"),
    "the product": event("product", at=1, producer_code=OTHER_PRODUCER),
    "the lot": event("lot", at=1, expires_on="2026-06-02"),
    "the inspection of the lot": event("inspection", at=1, result="fail", failed_items=["x"]),
    "a recall of all lots": event("recall"),
    "a recall of the lot": event("recall", lots=["L1"]),
    "a shipment": event("shipment", at=1, quantity=0),
    "who sent too much": event("shipment", shipment_id="S2", quantity=10**6),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_place_whose_facts_change_is_assessed_anew(producer, change):
    (before,) = gaps(producer.listings(event("listing", at=1))).values()
    sent = producer.settled(producer.records(change))
    (now,) = gaps(producer.listings(event("listing", at=2))).values()
    assert now == sent["1"] != before


def test_a_place_whose_licence_changes_is_assessed_anew(producer):
    numbers = count(2)

    def said():
        (names,) = gaps(producer.listings(event("listing", listing_id=str(next(numbers)), licence_no="SC1"))).values()
        return {gap for gap in names if "licence" in gap}

    producer.records(event("product", at=1, requires_licence=True))
    producer.answer(producer.listings(event("listing", licence_no="SC1")))
    assert said() == {"licence_unknown"}
    producer.records(event("licence", at=1, holder_code=OTHER_PRODUCER))
    assert said() == {"licence_of_other_holder"}
    producer.records(event("licence", at=2, categories=["x"]))
    assert said() == {"licence_out_of_scope"}
    producer.records(event("licence", at=3))
    assert said() == set()


def test_other_places_of_the_producer_stay_known_when_a_lot_changes(producer, monkeypatch):
    producer.listings(event("listing", lot="L2"))
    producer.records(event("lot", at=1, expires_on="2026-06-02"))
    monkeypatch.setattr(visits, "assess_places", refuse)
    assert producer.listings(event("listing", listing_id="2", lot="L2"))["chain"]


def test_a_known_place_whose_parties_are_not_known_to_be_sent_sends_them(producer):
    producer.context = replace(producer.context, lately=Lately())
    sent = producer.listings(event("listing", listing_id="2"))
    assert [row["parties"] for row in sent["chain.parties"]] == [row["parties"] for row in sent["chain"]]
    assert not producer.listings(event("listing", listing_id="3"))["chain.parties"]


def test_a_block_that_is_delivered_again_sends_the_parties_of_known_places_again(producer, upstream):
    rows = upstream.producer_listings(event("listing", listing_id="2"))
    assert not producer.rows("producer.listing", rows)["chain.parties"]
    assert producer.rows("producer.listing", rows, redelivered=True)["chain.parties"]


def remember_few(producer):
    """Room for some twenty places."""
    places = Places(limit=30 * OVERHEAD)
    producer.context = replace(producer.context, places=places)
    return places


def test_places_are_forgotten_when_they_have_grown_to_their_bound(producer):
    places = remember_few(producer)
    most = 0
    for number in range(40):
        (row,) = producer.listings(event("listing", lot=f"L{number}"))["chain"]
        assert row["lot"] == f"L{number}"
        most = max(most, len(places))
    assert 1 < len(places) <= most < 25


def test_of_more_places_than_there_is_room_for_met_in_turn_some_stay_known(producer, assessed):
    places = remember_few(producer)
    lots = [f"L{number}" for number in range(30)]
    room = 0
    for lot in lots:
        producer.listings(event("listing", lot=lot))
        room = max(room, len(places))
    lots = lots[: room + 2]
    assessed.clear()
    for lot in 4 * lots:
        producer.listings(event("listing", lot=lot))
    assert len(assessed) < 3.5 * len(lots)


def test_what_is_remembered_of_former_days_gives_way_before_a_place_does(producer, assessed):
    places = remember_few(producer)
    producer.records(event("product", at=1, requires_licence=True))  # whether one is held is asked of each day
    lots = {"1": "L1", "2": "L2", "3": "L3"}
    for day in range(20):
        for moment in (day * DAY_MS, day * DAY_MS + 1):
            producer.listings(*(event("listing", at=moment, listing_id=one, lot=lot) for one, lot in lots.items()))
        assert len(places) == len(lots)
    times = {lot: assessed.count(lot) for lot in lots.values()}
    assert times == {"L1": 2, "L2": 20, "L3": 20}, "L1 by its record, and when it has expired"


def test_what_was_kept_when_others_were_forgotten_is_found_and_forgotten_as_before(producer):
    places = remember_few(producer)
    for number in range(60):
        producer.listings(event("listing", lot=f"L{number}", seller_code=(SELLER, OTHER_SELLER)[number % 2]))
    held = [key for lots in places._made_by.values() for keys in lots.values() for key in keys]
    assert sorted(held) == sorted(places._at) == sorted(key for keys in places._sold_by.values() for key in keys)
    producer.records(event("entity"))
    assert 0 < len(places) < len(held)
    producer.records(event("entity", at=1, code=PRODUCER, status="revoked"))
    assert len(places) == 1, "that of the listing, which has moved on from all others"


def test_what_a_block_that_failed_has_learnt_is_forgotten():
    world = World(1)
    world.publish_events([event("entity", code=PRODUCER), event("product"), event("lot"), event("listing")])
    world.drain()
    world.publish_events([event("entity", at=1, code=PRODUCER, status="revoked")])
    while waiting := [each for each in world._waiting() if each[1] != "producer.record"]:
        asyncio.run(world._turn(*waiting[0]))
    start = world.position["producer.record", 0]
    timestamps, keys, values = zip(*world.log["producer.record", 0][start:], strict=True)
    run = Run("producer.record", 0, range(start, start + len(values)), keys, values, timestamps)
    world._die_before = "state"
    with pytest.raises(Killed):
        asyncio.run(world._runners["producer"].process(Incoming("producer.record", 0, run)))
    world.publish_events([event("listing", listing_id="2")])
    while waiting := [each for each in world._waiting() if each[1] != "producer.record"]:
        asyncio.run(world._turn(*waiting[0]))
    assert {row["producer_status"] for row in newest_chains(world).values()} == {"active"}
