"""A number is unique only within whoever gives it: what one of them says leaves another's word alone."""

import itertools
import random

import pytest

from tests.reference import names
from tests.streams.results import newest_chains
from tests.streams.world import World

CHANCE = random.Random(17)
MAKER, OTHER_MAKER, SELLER, OTHER_SELLER, LAB, OTHER_LAB, PLATFORM = (names.credit_code(CHANCE) for _ in range(7))
GTIN, OTHER_GTIN = (names.gtin(CHANCE).rjust(14, "0") for _ in range(2))
LOT = {"producer_code": MAKER, "gtin": GTIN, "lot": "L1"}
NOTE = LOT | {"kind": "shipment", "from_code": MAKER, "to_code": SELLER, "shipment_id": "2026-01"}
REPORT = LOT | {"kind": "inspection", "report_no": "2026-01", "purpose": "self", "failed_items": []}
RECALL = {"kind": "recall", "recall_no": "2026-01", "producer_code": MAKER, "gtin": GTIN, "lots": ["L1"], "level": 1}
MARKET = [
    *({"kind": "entity", "code": code, "name": "x", "status": "active"} for code in (MAKER, SELLER)),
    {
        "kind": "product",
        "gtin": GTIN,
        "producer_code": MAKER,
        "name": "x",
        "category": "tea",
        "requires_licence": False,
    },
    LOT | {"kind": "lot", "produced_on": "2026-09-01", "quantity": 100, "inputs": []},
    LOT
    | {"kind": "listing", "platform_code": PLATFORM, "listing_id": "1", "status": "active", "title": "x"}
    | {"category": "tea", "seller_code": SELLER, "price_fen": 1, "sold_30d": 1},
]
PASS = REPORT | {"agency_code": LAB, "result": "pass", "inspected_on": "2026-09-01"}


def gaps(*events, partitions=3):
    world = World(partitions)
    said = [
        {"event_id": f"E{number}", "publisher": PLATFORM, "occurred_at": 1_790_000_000_000 + number} | event
        for number, event in enumerate([*MARKET, *events])
    ]
    world.publish_events(said)
    world.drain()
    (chain,) = newest_chains(world).values()
    return {gap["gap"]: gap for gap in chain["gaps"]}


def test_one_producers_recall_does_not_close_anothers():
    recall = RECALL | {"reason": "x", "status": "open"}
    others = (
        recall | {"producer_code": OTHER_MAKER, "status": "closed"},
        recall | {"gtin": OTHER_GTIN, "status": "closed"},
    )
    assert set(gaps(PASS, NOTE | {"quantity": 9}, recall, *others)) == {"lot_recalled"}


def test_one_laboratorys_pass_does_not_erase_anothers_fail():
    fail = REPORT | {"agency_code": OTHER_LAB, "result": "fail", "failed_items": ["x"], "inspected_on": "2026-09-02"}
    assert set(gaps(NOTE | {"quantity": 9}, fail, PASS)) == {"inspection_failed"}


@pytest.mark.parametrize(
    "others",
    [
        [{"line": "2"}, {"line": "3"}],
        [{"to_code": OTHER_SELLER}],
        [{"from_code": OTHER_SELLER, "to_code": MAKER}],
    ],
    ids=["lines of one lot", "receivers", "senders"],
)
def test_every_line_of_a_delivery_note_counts(others):
    lines = [NOTE | {"quantity": 60}, *(NOTE | {"quantity": 60} | other for other in others)]
    for order in itertools.permutations(lines):
        found = gaps(PASS, *order)
        assert "custody_missing" not in found
        assert set(found) == {"quantity_exceeded"}


def test_of_a_note_with_several_products_none_is_lost():
    other = NOTE | {"quantity": 9, "gtin": OTHER_GTIN}
    assert gaps(PASS, NOTE | {"quantity": 9}, other) == {}
    assert gaps(PASS, NOTE | {"quantity": 9}, NOTE | {"quantity": 9, "lot": "L2"}) == {}
