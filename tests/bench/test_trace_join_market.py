from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import fastavro
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def bench() -> Any:
    sys.path.insert(0, str(ROOT))
    try:
        from bench.trace_join import market  # noqa: PLC0415 - found through the path above

        return market
    finally:
        sys.path.remove(str(ROOT))


@pytest.fixture(scope="module")
def market(bench: Any) -> Any:
    return bench.Market(listings=400, records=100, warm_listings=40, warm_records=10, seed=3)


def test_messages_are_the_products_own_events(bench: Any, market: Any) -> None:
    from suyuan.schemas.events import decode_event, encode_event  # noqa: PLC0415

    for part in (market.warm_up, market.load):
        for kind, array in (("listing", part.listings), ("lot", part.records)):
            for message in bench.rows(array):
                found, event = decode_event(message)
                assert found == kind
                assert encode_event(kind, event) == message


def test_chains_join_each_listing_with_the_record_that_it_names(bench: Any, market: Any) -> None:
    from suyuan.schemas.events import decode_event  # noqa: PLC0415

    schema = fastavro.parse_schema(json.loads((ROOT / "bench/trace_join/chain.avsc").read_bytes()))
    records, listings, late = {}, [], {}
    for part in (market.warm_up, market.load):
        for key, message, is_late in zip(
            bench.rows(part.record_keys), bench.rows(part.records), part.late, strict=True
        ):
            records[key] = decode_event(message)[1]
            late[key] = is_late
        for key, message, waits in zip(
            bench.rows(part.listing_keys), bench.rows(part.listings), part.waits, strict=True
        ):
            listings.append((key, decode_event(message)[1]))
            assert waits == late[key]
    chains = market.chains(0, market.all_listings)
    verdicts = set()
    for (key, listing), message in zip(listings, chains, strict=True):
        record = records[key]
        assert message[:5] == b"\0\0\0\0e"
        chain = fastavro.schemaless_reader(io.BytesIO(message[5:]), schema, None)
        assert key.decode() == f"{listing['producer_code']}\x1f{listing['lot']}"
        assert (chain["listing_id"], chain["lot"]) == (listing["listing_id"], record["lot"])
        assert (chain["listing_event"], chain["record_event"]) == (listing["event_id"], record["event_id"])
        assert chain["quantity"] == record["quantity"]
        expired = chain["expires_on"] < (listing["occurred_at"] + 8 * 3_600_000) // 86_400_000
        assert chain["verdict"] == ("contradicted" if expired else "complete")
        verdicts.add(chain["verdict"])
    assert verdicts == {"complete", "contradicted"}


def test_half_of_the_records_are_late(market: Any) -> None:
    load = market.load
    assert load.late.sum() == 50
    assert load.waits.sum() == 200


def test_the_seed_alone_decides(bench: Any, market: Any) -> None:
    again = bench.Market(listings=400, records=100, warm_listings=40, warm_records=10, seed=3)
    other = bench.Market(listings=400, records=100, warm_listings=40, warm_records=10, seed=4)
    assert np.array_equal(again.load.listings, market.load.listings)
    assert not np.array_equal(other.load.listings, market.load.listings)
