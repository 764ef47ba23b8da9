from __future__ import annotations

from collections import Counter

import pytest

from suyuan.schemas.events import decode_event
from suyuan.simulation.bulk import Bulk
from tests.reference.assessment import expected_chains


@pytest.fixture(scope="module")
def batches():
    bulk = Bulk(listings=3_000, codes=500)
    return [*bulk.record_batches(), *bulk.listing_batches()]


def plain(kind, event):
    days = {name: value.isoformat() for name, value in event.items() if hasattr(value, "isoformat")}
    return {"kind": kind, **event, **days}


def test_each_listing_has_the_one_gap_that_its_number_says(batches):
    events = [plain(*decode_event(value)) for batch in batches for value in batch.values]
    gaps = {listing: gaps for (_, listing), (_, gaps) in expected_chains(events).items()}
    bulk = Bulk(listings=3_000, codes=500)
    faults = {f"I{number:08d}": bulk.fault(number) for number in range(3_000)}
    assert gaps == {listing: [fault] if fault else [] for listing, fault in faults.items()}
    assert 0.05 < sum(fault is not None for fault in faults.values()) / 3_000 < 0.15


def test_listings_can_be_made_in_portions():
    bulk = Bulk(listings=900, codes=100)
    whole = [value for batch in bulk.listing_batches() for value in batch.values]
    parts = [value for start in (0, 300, 600) for b in bulk.listing_batches(start, start + 300) for value in b.values]
    assert parts == whole
    assert len(whole) == 900


def test_keys_are_in_normal_form_and_ids_differ(batches):
    ids = Counter(identity for batch in batches for identity in batch.ids)
    assert max(ids.values()) == 1
    assert {len(identity) for identity in ids} == {16}
    product = next(batch for batch in batches if batch.kind == "product")
    assert all(
        key.decode() == decode_event(value)[1]["gtin"] for key, value in zip(product.keys, product.values, strict=True)
    )
    assert all(len(key) == 14 for key in product.keys)
