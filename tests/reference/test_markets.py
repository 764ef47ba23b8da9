"""The generated markets must hold what the tests of the product rely on them for."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from tests.reference.acceptance import fault
from tests.reference.assessment import expected_chains
from tests.reference.gaps import GAPS
from tests.reference.markets import generate
from tests.reference.records import NOW, accepted_records, inputs_of, key_of, normal
from tests.reference.spelling import gtin_form, is_gtin, is_restricted

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
        for record in accepted_records(events):
            by_key[record["kind"], *key_of(record)].append(record)
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
        ("inspection", "result"), ("licence", "holder_code"), ("product", "producer_code"), ("lot", "inputs"),
        ("recall", "status"), ("recall", "lots"), ("entity", "status"),
    ],
)  # fmt: skip
def test_records_are_corrected_in_every_field_that_moves_them(versions, kind, field):
    assert any(len({str(record[field]) for record in records}) > 1 for records in versions[kind])


def test_corrections_come_at_the_same_instant_too_by_others_or_told_apart_by_what_they_say_alone(versions):
    together, by_content = 0, 0
    for records in (records for kind in versions.values() for records in kind):
        order = [(record["occurred_at"], record["event_id"], record["publisher"]) for record in records]
        together += len({at for at, *_ in order}) < len(order)
        by_content += len(set(order)) < len(order)
    assert together > 10
    assert by_content > 10


def test_what_is_refused_is_refused_for_every_reason(worlds):
    faults = Counter(fault(normal(event), event, NOW) for events in worlds for event in events)
    assert faults.keys() >= {
        None, "event_id", "publisher", "occurred_at", "code", "holder_code", "producer_code", "from_code", "to_code",
        "agency_code", "gtin", "lot", "lots", "category", "quantity", "price_fen", "inspected_on", "produced_on",
        "listing_id", "platform_code", "licence_no", "recall_no", "report_no", "shipment_id",
    }  # fmt: skip
    assert 0.01 < 1 - faults[None] / faults.total() < 0.2


def test_goods_come_back_shipments_are_void_and_notes_have_several_lines(versions):
    shipments = [record for records in versions["shipment"] for record in records]
    assert sum(shipment["to_code"] == shipment["producer_code"] for shipment in shipments) > 10
    assert sum(shipment["quantity"] == 0 for shipment in shipments) > 10
    assert sum(shipment.get("line") is not None for shipment in shipments) > 10


def test_numbers_are_those_of_whoever_gives_them_out(worlds):
    alike = Counter()
    for events in worlds:
        issued = defaultdict(set)
        for record in accepted_records(events):
            for kind, issuer, number in ISSUED:
                if record["kind"] == kind:
                    issued[kind, record[number]].add(record[issuer])
        alike.update(kind for (kind, _), issuers in issued.items() if len(issuers) > 1)
    assert min(alike[kind] for kind, *_ in ISSUED) > 10


ISSUED = (
    ("shipment", "from_code", "shipment_id"),
    ("inspection", "agency_code", "report_no"),
    ("recall", "producer_code", "recall_no"),
)


def test_reports_of_one_number_meet_in_all_but_the_agency(versions):
    met = Counter()
    for records in versions["inspection"]:
        for report in records:
            met[*(str(report[name]) for name in ("gtin", "lot", "inspected_on", "occurred_at", "report_no"))] += 1
    assert max(met.values()) > 1


def test_lots_run_deep_across_producers_and_in_circles(worlds):
    depths, circles, crossings = Counter(), 0, 0
    for events in worlds:
        made_of = {
            (lot["producer_code"], lot["gtin"], lot["lot"]): inputs_of(lot)
            for lot in accepted_records(events)
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
    for spoilt in ("\x1f", "\t", "-", "\u3000", "\ufeff", "９", "无"):
        assert any(spoilt in code for code in sellers), repr(spoilt)
    gtins = {listing["gtin"] for listing in listings}
    assert {8, 12, 13, 14} <= {len(gtin) for gtin in gtins if is_gtin(gtin)}
    assert any(gtin_form(gtin) and not is_gtin(gtin_form(gtin)) for gtin in gtins)
    assert any(is_gtin(gtin) and is_restricted(gtin_form(gtin)) for gtin in gtins)
    assert {None, "", "—", "无"} <= {listing["lot"] for listing in listings}


def test_event_ids_come_again_with_other_contents(worlds):
    named = Counter()
    for number, events in enumerate(worlds):
        for record in accepted_records(events):
            named[number, record["kind"], record["publisher"], record["event_id"]] += 1
    assert sum(count > 1 for count in named.values()) > 100


def test_events_have_the_fields_of_the_agreed_cases(worlds):
    agreed = defaultdict(set)
    for number in (11, 12, 13):
        for line in (CASES / f"market-{number}.events.jsonl").read_text().splitlines():
            event = json.loads(line)
            agreed[event["kind"]].add(frozenset(event))
    for event in (event for world in worlds for event in world if event["kind"] != "penalty"):
        assert frozenset(event) - {"line"} in agreed[event["kind"]], event
        assert json.loads(json.dumps(event)) == event


def test_a_seed_gives_one_market():
    assert generate(3) == generate(3)
    assert generate(3) != generate(4)
