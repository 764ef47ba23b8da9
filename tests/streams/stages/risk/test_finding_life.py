"""Raised once, published again only when severity, evidence or what is shown changes, cleared when it ends."""

import json

import pytest

from suyuan.domain.calendar import day_start_ms
from suyuan.streams.stages.risk.watch import make_watch
from tests.streams.stages.risk.conftest import FIRST_DAY


def told(alerts):
    return sorted((alert["rule"], alert["change"], alert["sequence"]) for alert in alerts)


def test_raised_with_all_that_an_alert_carries(partition, chain, gap):
    recalled = gap("lot_recalled", subject="R1", evidence=["maker/r1"])
    (alert,) = partition.feed("chain", [chain("a", 7, recalled, recall_level=1, sold_30d=12)])
    triggering = json.loads(alert.pop("triggering"))
    assert triggering.items() >= {"gap_names": ["lot_recalled"], "recall_level": 1, "sold_30d": 12}.items()
    assert len(alert["finding_id"]) == 32
    assert alert.pop("alert_id").removesuffix("-330106") not in {alert.pop("finding_id"), ""}
    assert len(alert.pop("basis")) == 16
    assert alert == {
        "rule": "recalled_level_1_on_sale",
        "rule_version": 1,
        "severity": "critical",
        "change": "raised",
        "subject_kind": "lot",
        "subject": "lot:91440300MA5FABCD34/06901234567892/B1",
        "platform_code": "91110108MA01234567",
        "listing_id": "a",
        "verdict": "contradicted",
        "seller_code": "91330106MA2CABCD12",
        "producer_code": "91440300MA5FABCD34",
        "gtin": "06901234567892",
        "lot": "B1",
        "title": "绿茶",
        "listed_at": day_start_ms(FIRST_DAY),
        "gap_names": ["lot_recalled"],
        "evidence": ["shop/a-7", "maker/r1"],
        "seller_division": "330106",
        "producer_division": "440305",
        "bureau": "330106",
        "bureau_why": "seller:330106",
        "raised_at": 1_772_000_000_007,
        "changed_at": 1_772_000_000_007,
        "received_at": 1_772_000_000_007,
        "sequence": 1,
        "revision": 7,
        "assessment": 7,
    }


def test_a_failed_inspection_goes_to_the_producers_bureau(partition, chain, gap):
    (alert,) = partition.feed("chain", [chain("a", 1, gap("inspection_failed"))])
    assert (alert["rule"], alert["bureau"]) == ("failed_inspection_on_sale", "440305")


def test_a_silent_listing_publishes_nothing(partition, chain):
    assert partition.feed("chain", [chain("a", 1), chain("b", 1)]) == []


def test_the_same_again_is_not_published(partition, chain, gap):
    fake = gap("producer_code_invalid", "broken", subject="X", evidence=["shop/a-1"])
    assert told(partition.feed("chain", [chain("a", 1, fake)])) == [("producer_code_fake", "raised", 1)]
    dearer = chain("a", 2, fake | {"evidence": ["shop/a-2"], "detail": "check"}, price_fen=1, title="红茶")
    assert partition.feed("chain", [dearer]) == []


@pytest.mark.parametrize("event", ["shop/a", 'shop/"a\\n"', "店铺/a\x1f"])
def test_a_listing_is_evidence_of_its_alert_once_however_its_event_is_named(make_partition, chain, gap, event):
    fake = gap("producer_code_invalid", "broken", subject="X", evidence=[event, "lab/1"])
    (alert,) = make_partition().feed("chain", [chain("a", 1, fake, listing_event=event)])
    assert alert["evidence"] == [event, "lab/1"]


def test_other_evidence_another_subject_and_an_end_are_published(partition, chain, gap):
    failed = gap("inspection_failed", subject="N1", evidence=["lab/1"])
    partition.feed("chain", [chain("a", 1, failed)])
    (changed,) = partition.feed("chain", [chain("a", 2, failed | {"evidence": ["lab/2"]})])
    assert (changed["change"], changed["sequence"], changed["evidence"]) == ("changed", 2, ["shop/a-2", "lab/2"])
    assert (changed["raised_at"], changed["changed_at"]) == (1_772_000_000_001, 1_772_000_000_002)
    assert told(partition.feed("chain", [chain("a", 3, failed | {"subject": "N2"})])) == [
        ("failed_inspection_on_sale", "changed", 3)
    ]
    (cleared,) = partition.feed("chain", [chain("a", 4)])
    assert (cleared["change"], cleared["sequence"], cleared["triggering"]) == ("cleared", 4, None)
    assert (cleared["raised_at"], cleared["changed_at"]) == (1_772_000_000_001, 1_772_000_000_004)
    assert partition.feed("chain", [chain("a", 5)]) == []
    (again,) = partition.feed("chain", [chain("a", 6, failed)])
    assert (again["change"], again["sequence"], again["raised_at"]) == ("raised", 5, 1_772_000_000_006)


def test_gaps_that_the_rule_does_not_rest_on_are_told_but_are_no_other_basis(partition, chain, gap):
    failed = gap("inspection_failed")
    (raised,) = partition.feed("chain", [chain("a", 1, failed)])
    more = chain("a", 2, failed, gap("uninspected", "unverified", evidence=["p/1"]))
    (changed,) = partition.feed("chain", [more])
    assert (changed["change"], changed["gap_names"]) == ("changed", ["inspection_failed", "uninspected"])
    assert (changed["basis"], changed["evidence"][1:]) == (raised["basis"], raised["evidence"][1:])
    assert partition.feed("chain", [more | {"revision": 3, "assessment": 3, "price_fen": 1}]) == []


def test_a_rule_on_the_verdict_rests_on_the_gaps_that_make_it(partition, chain, gap):
    unknown = gap("product_unknown", "broken", evidence=["x/1"])
    undeclared = gap("lot_undeclared", "unverified", evidence=["y/1"])
    (alert,) = partition.feed("chain", [chain("a", 1, unknown, undeclared, sold_30d=5000)])
    assert (alert["rule"], alert["evidence"]) == ("broken_chain_sells_much", ["shop/a-1", "x/1"])


def test_a_removed_listing_clears_its_alerts(partition, chain, gap):
    partition.feed("chain", [chain("a", 1, gap("inspection_failed"))])
    gone = chain("a", 2, verdict="removed", status="removed", sold_30d=5000)
    assert told(partition.feed("chain", [gone])) == [("failed_inspection_on_sale", "cleared", 2)]


def test_older_chains_are_passed_over(partition, chain, gap):
    partition.feed("chain", [chain("a", 5)])
    assert partition.feed("chain", [chain("a", 4, gap("inspection_failed"))]) == []
    assert partition.feed("chain", [chain("a", 9, gap("inspection_failed"), revision=5, assessment=4)]) == []
    later = chain("a", 9, gap("inspection_failed"), revision=5, assessment=6)
    assert told(partition.feed("chain", [later])) == [("failed_inspection_on_sale", "raised", 1)]


def test_of_several_chains_in_a_block_the_newest_counts(partition, chain, gap):
    failed = gap("inspection_failed")
    rows = [chain("a", 10, failed), chain("b", 1, failed), chain("a", 9), chain("b", 2)]
    alerts = partition.feed("chain", rows)
    assert [(alert["listing_id"], alert["revision"]) for alert in alerts] == [("a", 10)]


def test_delivered_again_the_same_rows_are_published(partition, chain, gap, complaint):
    rows = [chain("a", 1, gap("inspection_failed")), chain("b", 1, gap("lot_recalled"), recall_level=2), chain("c", 1)]
    first = partition.feed("chain", rows)
    assert len(first) == 2
    assert partition.feed("chain", rows, offset=0, redelivered=True) == first
    assert partition.feed("chain", rows, offset=1) == []
    cleared = partition.feed("chain", [chain("a", 2)])
    assert partition.feed("chain", [chain("a", 2)], offset=partition.offsets["chain"], redelivered=True) == cleared
    raised = partition.feed("risk.record", [complaint("k", "b")])
    assert told(raised) == [("contradicted_and_complained_about", "raised", 1)]
    assert partition.feed("risk.record", [complaint("k", "b")], offset=0, redelivered=True) == raised


def test_a_block_marked_as_delivered_again_that_the_state_has_not_seen_counts(partition, chain, gap):
    alerts = partition.feed("chain", [chain("a", 1, gap("inspection_failed"))], redelivered=True)
    assert told(alerts) == [("failed_inspection_on_sale", "raised", 1)]


def test_an_alert_of_a_rule_that_is_no_more_is_cleared(partition, chain, gap):
    partition.feed("chain", [chain("a", 1, gap("inspection_failed"))])
    partition.watch = make_watch(())
    (alert,) = partition.feed("chain", [chain("a", 2, gap("inspection_failed"))])
    assert (alert["change"], alert["rule"]) == ("cleared", "failed_inspection_on_sale")
