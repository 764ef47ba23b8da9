from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from suyuan.domain.chain.gaps import GAPS
from suyuan.domain.identifiers.uscc import check_uscc
from suyuan.domain.rules.catalogue import built_in_rules
from suyuan.simulation.calendar import moment
from suyuan.simulation.faults import FAULTS
from suyuan.simulation.market import FEWEST, START, Market
from suyuan.simulation.report import compare
from tests.reference.assessment import expected_chains


def found_by_the_reference(market, events):
    chains = [
        {"platform_code": platform, "listing_id": listing, "verdict": verdict, "gap_names": gaps}
        for (platform, listing), (verdict, gaps) in expected_chains(events).items()
    ]
    findings = [
        {
            "platform_code": p.platform_code,
            "listing_id": p.listing_id,
            "rule": p.rules[0],
            "severity": "high",
            "change": "raised",
        }
        for p in market.planted()
        if p.rules
    ]
    return compare(market.planted(), chains, findings)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_planted_fault_shows_and_nothing_else_does(seed):
    market = Market(seed)
    events = list(market.events(6000))
    report = found_by_the_reference(market, events)
    assert report.complete, report.examples
    assert report.chains["complete"] > sum(report.chains[verdict] for verdict in ("broken", "partial", "contradicted"))


def test_the_alerts_asked_for_are_rules_that_ship():
    assert {rule for fault in FAULTS for rule in fault.rules} <= {rule.id for rule in built_in_rules()}


def test_every_gap_has_a_fault_and_a_few_thousand_events_hold_every_fault():
    assert {fault.gap for fault in FAULTS} - {None} == {gap.gap for gap in GAPS}
    market = Market(5)
    list(market.events(10_000))
    assert {planted.fault for planted in market.planted()} == {fault.name for fault in FAULTS}


@pytest.mark.parametrize("count", [FEWEST, 1234, 5000])
def test_exactly_as_many_events_as_asked_for_the_same_each_time(count):
    first, second = Market(9), Market(9)
    events = list(first.events(count))
    assert len(events) == count
    assert list(second.events(count)) == events
    assert first.planted() == second.planted()
    assert list(Market(10).events(count)) != events


def test_too_few_events_for_a_market_are_refused():
    with pytest.raises(ValueError, match=str(FEWEST)):
        next(Market(1).events(FEWEST - 1))


def test_events_look_like_a_market():
    events = list(Market(4).events(20_000))
    kinds = Counter(event["kind"] for event in events)
    assert kinds["listing"] > 0.7 * len(events)
    assert set(kinds) == {
        *("listing", "entity", "licence", "product", "lot", "shipment", "inspection", "recall", "complaint"),
        *("penalty", "day"),
    }
    days = [event["date"] for event in events if event["kind"] == "day"]
    assert days == sorted(days)
    assert len(days) >= 24
    assert all(moment(START, 0) - 4100 * 86_400_000 < event["occurred_at"] for event in events)
    ids = Counter((event["publisher"], event["event_id"]) for event in events)
    assert 0 < sum(count - 1 for count in ids.values()) < 100, "few events come twice"
    listings = [event["occurred_at"] for event in events if event["kind"] == "listing"]
    assert listings != sorted(listings), "some come late"


def test_codes_conform_but_for_the_fakes():
    faults = Counter(check_uscc(event["code"]).fault for event in Market(6).events(20_000) if event["kind"] == "entity")
    assert faults[None] > 0.9 * faults.total()
    assert set(faults) == {None, "check"}, "a registered code that does not conform was issued so"


def test_a_market_without_end_goes_on():
    assert sum(1 for _ in islice(Market(8).events(), 30_000)) == 30_000
