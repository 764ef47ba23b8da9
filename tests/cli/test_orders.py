"""An order of a spot check by command, from issued to final: a fail is an inspection, so gap and alert follow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.streams.stages.published import event

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SHOP, LISTING = "91330106MABQWU0B72", "100001"
MAKER, GTIN, LOT, LAB = "91320505MABR13EK83", "6903379935420", "G260203", "91330102MABR7JC40E"
ORDER = "330100-2026-1-1"


def order(number=1, **fields):
    said = {"platform_code": SHOP, "listing_id": LISTING, "producer_code": MAKER, "gtin": GTIN, "lot": LOT}
    name = {"order_no": f"330100-2026-1-{number}", "check_id": "330100-2026-1"}
    return event("order", **{**said, **name, **fields})


def report(number, seal, result, **fields):
    said = {"publisher": LAB, "agency_code": LAB, "report_no": number, "producer_code": MAKER, "gtin": GTIN, "lot": LOT}
    of = {"purpose": "spot_check", "order_no": ORDER, "sample_no": seal, "result": result}
    failed = {"failed_items": ["糖精钠"] if result == "fail" else []}
    return event("inspection", **{**said, **of, **failed, **fields})


@pytest.fixture
def publish(suyuan, tmp_path):
    def run(*events):
        file = tmp_path / "events.jsonl"
        file.write_text("".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in events), encoding="utf-8")
        answer = suyuan("publish", file, "--json")
        assert suyuan("run", "--once", "--json", own=True).code == 0
        return answer

    return run


@pytest.fixture
def answer(suyuan):
    def run(said, *options, order_no=ORDER):
        done = suyuan("orders", "answer", order_no, said, *options, "--actor", "li")
        if done.code == 0:
            assert suyuan("run", "--once", "--json", own=True).code == 0
        return done

    return run


def shown(suyuan, order_no=ORDER):
    return json.loads(suyuan("orders", "show", order_no, "--json").output)


def test_from_issued_to_final(suyuan, publish, answer):
    assert suyuan("publish", *sorted(EXAMPLES.glob("*.csv"))).code == 0
    assert publish(order(), order(2, listing_id="100002", officers=[])).row["accepted"] == 2
    listed = [json.loads(line) for line in suyuan("orders", "list", "--json").output.splitlines()]
    assert [(row["order_no"], row["state"]) for row in listed] == [(ORDER, "issued"), ("330100-2026-1-2", "issued")]
    refused = answer("bought")
    assert refused.code != 0
    assert "it is issued, so it cannot be bought: what can be said now: accepted, refused, gone" in refused.errors
    for said in ("accepted", "bought", "delivered"):
        assert answer(said).code == 0
    assert "sample: is given with unpacked" in answer("unpacked").errors
    assert answer("unpacked", "--sample", "S-1", "--spare", "S-2").code == 0
    assert answer("gone", order_no="330100-2026-1-2").code == 0
    # a report on another seal is no result of this order
    publish(report("R-0", "S-9", "pass", inspected_on="2026-06-01"), report("R-1", "S-1", "fail"))
    told = shown(suyuan)
    assert (told["state"], told["verdict"]) == ("tested", "fail")
    assert [(each["report_no"], each["of"]) for each in told["results"]] == [("R-0", "stray"), ("R-1", "sample")]
    assert [each["party"] for each in told["to_tell"]] == ["seller", "producer", "platform"]
    assert told["overdue"] is True, "R-1 is of June 2026"
    chain = json.loads(suyuan("chain", SHOP, LISTING, "--json").output)
    assert "inspection_failed" in [gap["gap"] for gap in chain["gaps"]]
    alerts = [json.loads(line) for line in suyuan("alerts", "--json").output.splitlines()]
    assert "failed_inspection_on_sale" in {alert["rule"] for alert in alerts}
    for party in ("seller", "producer", "platform"):
        assert answer("told", "--party", party).code == 0
    told = shown(suyuan)
    assert (told["state"], [each["party"] for each in told["objection"]]) == (
        "told",
        ["seller", "producer", "platform"],
    )
    assert answer("objected", "--party", "producer").code == 0
    publish(report("R-2", "S-2", "pass", inspected_on="2026-06-03"))
    told = shown(suyuan)
    assert (told["state"], told["verdict"], told["objected_by"]) == ("retested", "pass", "producer")
    assert answer("told", "--party", "producer").code != 0, "of a pass the seller is told"
    assert answer("told", "--party", "seller").code == 0
    final = shown(suyuan)
    assert (final["state"], final["to_tell"], final["overdue"]) == ("final", [], False)
    assert "it is final" in answer("accepted").errors
    rows = suyuan("orders", "list", "--state", "gone,final", "--json").output.splitlines()
    assert [json.loads(row)["order_no"] for row in rows] == [ORDER, "330100-2026-1-2"]
    assert "retested" not in suyuan("orders", "list").output
    assert "R-2" in suyuan("orders", "show", ORDER).output


def test_what_is_no_order_and_no_answer(suyuan, publish, answer):
    publish(order())
    assert "no order is called 330100-2026-1-7" in answer("accepted", order_no="330100-2026-1-7").errors
    assert "lost is no answer" in answer("lost").errors
    assert "--state lost" in suyuan("orders", "list", "--state", "lost").errors
    assert answer("told", "--party", "aunt").code != 0
    # void answers are kept, and said to be void
    publish(event("order_answer", order_no=ORDER, answer="bought"))
    (told,) = shown(suyuan)["answers"]
    assert (told["answer"], told["void"]) == ("bought", True)
    publish(report("R-1", None, "pass"))
    assert shown(suyuan)["results"] == []
