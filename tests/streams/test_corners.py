"""Corners where what a partition happens to have, or to have forgotten, must not show in a chain."""

import asyncio
import random
from itertools import count, permutations

import pytest

from suyuan.streams.runner import Incoming
from suyuan.streams.stage import Run
from suyuan.streams.topology import TOPOLOGY
from tests.reference import names
from tests.reference.assessment import expected_chains
from tests.streams.results import current_chains, newest_chains, outcomes
from tests.streams.world import LAST_MOMENT, Killed, World

CHANCE = random.Random(1)
PRODUCER, OTHER, THIRD, SELLER, PLATFORM = (names.credit_code(CHANCE) for _ in range(5))
NONCONFORMING = names.nonconforming_code(CHANCE)
GTIN, OTHER_GTIN = sorted(names.gtin(CHANCE).rjust(14, "0") for _ in range(2))
NOON = 1_790_000_000_000
NUMBERS = count()

DEFAULTS = {
    "listing": {
        "platform_code": PLATFORM,
        "listing_id": "1",
        "status": "active",
        "title": "t",
        "category": "food",
        "seller_code": SELLER,
        "producer_code": PRODUCER,
        "gtin": GTIN,
        "price_fen": 1,
        "sold_30d": 0,
    },
    "entity": {"code": PRODUCER, "name": "x", "status": "active"},
    "licence": {
        "licence_no": "SC1",
        "holder_code": PRODUCER,
        "categories": ["food"],
        "valid_from": "2020-01-01",
        "status": "valid",
    },
    "product": {"gtin": GTIN, "producer_code": PRODUCER, "name": "n", "category": "food", "requires_licence": False},
    "lot": {
        "producer_code": PRODUCER,
        "gtin": GTIN,
        "lot": "L",
        "produced_on": "2026-09-01",
        "quantity": 9,
        "inputs": [],
    },
    "shipment": {
        "producer_code": PRODUCER,
        "gtin": GTIN,
        "lot": "L",
        "from_code": PRODUCER,
        "to_code": SELLER,
        "shipment_id": "S1",
        "quantity": 9,
    },
    "inspection": {
        "report_no": "R1",
        "agency_code": PLATFORM,
        "producer_code": PRODUCER,
        "gtin": GTIN,
        "purpose": "self",
        "result": "pass",
        "failed_items": [],
        "inspected_on": "2026-09-01",
    },
    "complaint": {
        "channel": "12315",
        "complaint_no": "1",
        "platform_code": PLATFORM,
        "listing_id": "1",
        "category": "food",
        "complainant": "p" + "0" * 32,
    },
    "day": {"publisher": "SUYUAN"},
}


def event(kind, *, at=0, **fields):
    envelope = {"kind": kind, "event_id": f"E{next(NUMBERS):04}", "publisher": PLATFORM, "occurred_at": NOON + at}
    return envelope | DEFAULTS[kind] | fields


def streamed(*events, partitions=1):
    """A world through which each event went before the next came."""
    world = World(partitions)
    for each in events:
        world.publish_events([each])
        world.drain()
    return world


def nodes(world, role):
    """(status, evidence) by listing."""
    chains = newest_chains(world).items()
    return {key[1]: [(n["status"], n["evidence"]) for n in row["nodes"] if n["role"] == role] for key, row in chains}


def test_a_product_that_comes_after_a_report_on_it_is_seen_by_who_lists_it():
    events = [
        event("listing", listing_id="A", producer_code=OTHER),
        event("inspection"),
        event("listing", listing_id="B"),
        event("product", producer_code=THIRD),
    ]
    assert current_chains(streamed(*events)) == expected_chains(events)


def test_a_corrected_product_is_named_as_it_is_now():
    product, report, listing = event("product", producer_code=OTHER), event("inspection"), event("listing")
    corrected = event("product", producer_code=THIRD, at=5)
    for order in permutations([product, report, listing, corrected]):
        (row,) = newest_chains(streamed(*order)).values()
        (gap,) = [gap for gap in row["gaps"] if gap["gap"] == "product_of_other_producer"]
        assert THIRD in gap["detail"]
        assert [name.partition("~")[0] for name in gap["evidence"]] == [f"product/{PLATFORM}/{corrected['event_id']}"]


class Driven(World):
    """Topic by topic, as the test says."""

    def __init__(self):
        super().__init__(1, slice_rows=1, batches=(5000,))
        self._block_cache = None
        self._stages = {topic: stage for stage in TOPOLOGY for topic in stage.reads}
        self._begin()

    def _begin(self):
        self._runners = {stage.name: self._runner(stage) for stage in TOPOLOGY}

    def turn(self, topic, *, killed_before=None):
        first_offset = self.position[topic, 0]
        timestamps, keys, values = zip(*self.log[topic, 0][first_offset:], strict=True)
        offsets = range(first_offset, first_offset + len(values))
        self._die_before = killed_before
        work = self._runners[self._stages[topic].name].process(
            Incoming(topic, 0, Run(topic, 0, offsets, keys, values, timestamps))
        )
        if killed_before is None:
            asyncio.run(work)
            self.position[topic, 0] = offsets.stop
        else:
            with pytest.raises(Killed):
                asyncio.run(work)
            self._die_before = None
            self._begin()


def test_a_question_that_a_kill_took_is_asked_again_though_its_listing_has_moved_on():
    world = Driven()
    listings = [
        event("listing", producer_code=NONCONFORMING, listing_id=f"X{n}", gtin=g)
        for n, g in enumerate((GTIN, OTHER_GTIN))
    ]
    world.publish_events(listings)
    world.drain()
    entity = event("entity", code=NONCONFORMING)
    world.publish_events([entity])
    world.turn("in.entity")
    world.turn("producer.record")
    world.turn("producer.backlog", killed_before="outputs")  # what it asks for is never sent
    moved = listings[1] | {"event_id": "E9000", "occurred_at": NOON + 9, "gtin": GTIN}
    world.publish_events([moved])
    world.turn("in.listing")
    world.turn("producer.listing")
    world.drain()
    late = event("listing", producer_code=NONCONFORMING, listing_id="Y", gtin=OTHER_GTIN)
    world.publish_events([late])
    world.drain()
    assert current_chains(world) == expected_chains([*listings, entity, moved, late])


@pytest.mark.parametrize("complaint", [{"occurred_at": 946_684_800_000}, {"occurred_at": LAST_MOMENT}, {}])
def test_the_first_and_the_last_days_there_are_stop_nobody(complaint):
    world = streamed(
        *(event("day", date="0001-01-02"), event("listing"), event("complaint") | complaint),
        event("listing", listing_id="2", occurred_at=LAST_MOMENT),
        *(event("day", date="9999-12-31"), event("complaint", complaint_no="2", listing_id="2")),
    )
    assert len(current_chains(world)) == 2


@pytest.mark.parametrize("partitions", [1, 2, 3])
def test_what_nobody_asked_for_is_unknown_wherever_it_lies(partitions):
    licence, listing = event("licence", holder_code=OTHER), event("listing", gtin=None, licence_no="SC1")
    for order in permutations([licence, listing]):
        assert nodes(streamed(*order, partitions=partitions), "licence") == {"1": [("unknown", None)]}
    product, report = event("product", producer_code=OTHER), event("inspection", producer_code="XYZ")
    for order in permutations([product, report, event("listing", producer_code="XYZ")]):
        assert nodes(streamed(*order, partitions=partitions), "product") == {"1": [("unknown", None)]}


def test_a_licence_that_another_listing_of_the_block_needs_is_not_shown_where_none_is_needed():
    world = streamed(
        *(event("entity"), event("licence"), event("product", requires_licence=True)),
        event("product", gtin=OTHER_GTIN),
    )
    world.publish_events([event("listing"), event("listing", listing_id="2", gtin=OTHER_GTIN)])
    world.drain()
    shown = nodes(world, "licence")
    assert [status for status, _ in shown["1"]] == ["valid"]
    assert shown["2"] == []


def test_sums_beyond_64_bits_are_not_read_as_nothing():
    events = [
        *(event("entity"), event("entity", code=SELLER), event("product"), event("lot", quantity=2**63 - 1)),
        *(event("shipment", shipment_id=number, quantity=2**62) for number in "ab"),
        *(event("inspection"), event("listing", lot="L", sold_30d=1)),
    ]
    assert current_chains(streamed(*events)) == expected_chains(events)


def test_a_publisher_is_the_same_in_lower_case():
    listing = event("listing")
    world = streamed(listing, listing | {"publisher": f" {PLATFORM.lower()}"})
    assert sorted(outcomes(world).values()) == ["accepted", "duplicate"]
