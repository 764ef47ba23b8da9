"""The generated markets must hold what the tests of the product rely on them for."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from tests.reference.assessment import expected_chains
from tests.reference.gaps import GAPS
from tests.reference.markets import generate
from tests.reference.records import KEYS, normal
from tests.reference.spelling import is_gtin, trimmed

CASES = Path(__file__).parents[1] / "data" / "cases"
SEEDS = range(120)


@pytest.fixture(scope="module")
def worlds():
    return [generate(seed) for seed in SEEDS]


@pytest.fixture(scope="module")
def versions(worlds):
    """{kind: [versions of one business key, in one world]}"""
    found = defaultdict(list)
    for events in worlds:
        by_key = defaultdict(list)
        for event in events:
            if event["kind"] in KEYS:
                record = normal(event)
                by_key[event["kind"], *(record.get(part) for part in KEYS[event["kind"]])].append(record)
        for key, records in by_key.items():
            found[key[0]].append(records)
    return found


def test_every_gap_and_verdict_occurs(worlds):
    counts, verdicts = Counter(), Counter()
    for events in worlds:
        for verdict, gaps in expected_chains(events).values():
            verdicts[verdict] += 1
            counts.update(gaps)
    assert set(counts) == GAPS
    assert set(verdicts) == {"contradicted", "broken", "partial", "complete", "removed"}
    assert verdicts["complete"] > 0.05 * verdicts.total()


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("listing", "seller_code"), ("listing", "producer_code"), ("listing", "lot"), ("listing", "status"),
        ("listing", "gtin"), ("shipment", "quantity"), ("inspection", "lot"), ("inspection", "gtin"),
        ("licence", "holder_code"), ("product", "producer_code"), ("lot", "inputs"), ("recall", "status"),
        ("recall", "lots"), ("entity", "status"),
    ],
)  # fmt: skip
def test_records_are_corrected_in_every_field_that_moves_them(versions, kind, field):
    assert any(len({str(record[field]) for record in records}) > 1 for records in versions[kind])


def test_corrections_come_at_the_same_instant_too_but_never_with_the_same_event_id(versions):
    together = 0
    for records in (records for kind in versions.values() for records in kind):
        order = [(record["occurred_at"], record["event_id"]) for record in records]
        assert len(set(order)) == len(order)
        together += len({at for at, _ in order}) < len(order)
    assert together > 10


def test_lots_run_deep_across_producers_and_in_circles(worlds):
    depths, circles, crossings = Counter(), 0, 0
    for events in worlds:
        made_of = {
            (lot["producer_code"], lot["gtin"], lot["lot"]): lot["inputs"]
            for lot in map(normal, events)
            if lot["kind"] == "lot"
        }
        for start in made_of:
            level, seen, depth = {start}, set(), 0
            while level := {part for key in level for part in made_of.get(key, []) if part not in seen}:
                seen |= level
                depth += 1
            depths[depth] += 1
            circles += start in seen
            crossings += any(part[0] != start[0] for part in seen)
    assert sum(count for depth, count in depths.items() if depth >= 3) > 10
    assert circles > 10
    assert crossings > 10


def test_identifiers_are_written_as_people_write_them(worlds):
    listings = [event for events in worlds for event in events if event["kind"] == "listing"]
    sellers = [listing["seller_code"] for listing in listings]
    assert any(code != code.upper() for code in sellers)
    assert any(code != code.strip() for code in sellers)
    assert any("\x1f" in code for code in sellers)
    assert {8, 12, 13, 14} == {len(listing["gtin"]) for listing in listings if is_gtin(listing["gtin"])}
    assert any(listing["gtin"] and not is_gtin(trimmed(listing["gtin"])) for listing in listings)


def test_event_ids_are_unique_only_within_their_publisher(worlds):
    ids = [(number, event["publisher"], event["event_id"]) for number, world in enumerate(worlds) for event in world]
    assert len(set(ids)) == len(ids)
    assert len({(number, event_id) for number, _, event_id in ids}) < len(ids)


def test_events_have_the_fields_of_the_agreed_cases(worlds):
    agreed = defaultdict(set)
    for number in (11, 12, 13):
        for line in (CASES / f"market-{number}.events.jsonl").read_text().splitlines():
            event = json.loads(line)
            agreed[event["kind"]].add(frozenset(event))
    for event in (event for world in worlds for event in world if event["kind"] != "penalty"):
        assert frozenset(event) in agreed[event["kind"]], event
        assert json.loads(json.dumps(event)) == event


def test_a_seed_gives_one_market():
    assert generate(3) == generate(3)
    assert generate(3) != generate(4)
