from __future__ import annotations

from suyuan.simulation.planted import Planted
from suyuan.simulation.report import Score, compare


def chain(listing_id, *gaps, verdict="broken"):
    return {"platform_code": "P", "listing_id": listing_id, "verdict": verdict, "gap_names": list(gaps)}


def finding(listing_id, rule, change="raised"):
    return {"platform_code": "P", "listing_id": listing_id, "rule": rule, "severity": "high", "change": change}


def test_found_missed_and_without_cause_are_told_apart():
    planted = [
        Planted("recalled", "P", "1", "lot_recalled"),
        Planted("recalled", "P", "2", "lot_recalled"),
        Planted("no_custody", "P", "3", "custody_missing", also=("oversold",)),
    ]
    chains = [
        chain("1", "lot_recalled"),
        chain("2", verdict="complete"),
        chain("3", "custody_missing", "oversold"),
        chain("4", "lot_recalled"),
        chain("5", "gtin_invalid"),
    ]
    report = compare(planted, chains, [])
    assert report.faults["recalled"] == Score(planted=2, found=1, missed=1, without_cause=1)
    assert report.faults["no_custody"] == Score(planted=1, found=1)
    assert report.faults["gtin_invalid"] == Score(without_cause=1)
    assert report.without_cause == 2
    assert not report.complete
    assert report.chains == {"broken": 4, "complete": 1}


def test_a_fault_with_a_rule_needs_its_finding_even_if_it_was_cleared_since():
    planted = [Planted("burst", "P", listing, None, ("complaints", "other")) for listing in "12"]
    report = compare(planted, [chain("1", verdict="complete")], [finding("1", "complaints", "cleared")])
    assert report.faults["burst"] == Score(planted=2, found=1, missed=1)
    assert report.findings == {}
    assert report.examples[0]["listing_id"] == "2"


def test_findings_that_stand_are_counted_by_severity():
    report = compare([], [], [finding("1", "a"), finding("1", "b"), finding("2", "a", "cleared")])
    assert report.findings == {"high": 2}


def test_a_finding_where_nothing_was_planted_is_without_cause():
    planted = [Planted("burst", "P", "1", None, ("a",))]
    report = compare(planted, [], [finding("1", "a"), finding("2", "a"), finding("3", "a", "cleared")])
    assert report.findings_without_cause == 1
    assert not report.complete
