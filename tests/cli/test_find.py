"""`suyuan find`, on records as a producer, a platform and a laboratory publish them."""

from __future__ import annotations

import json

import pytest

from suyuan.domain.calendar import china_day
from tests.cli.terminal import on_terminal

MAKER, PLATFORM, LAB = "91330784MABQYF7F4B", "91330106MABQWU0B72", "91330106MAC9000155"
GTIN = "06903379452712"
AT = 1_768_000_000_000
DAY = china_day(AT).isoformat()


def event(kind, number, publisher=MAKER, **fields):
    return {"kind": kind, "event_id": f"{kind}-{number}", "publisher": publisher, "occurred_at": AT} | fields


ITEM = {"producer_code": MAKER, "gtin": GTIN, "lot": "H260112"}
RECALL = {"recall_no": "召1", "producer_code": MAKER, "gtin": GTIN, "lots": ["H260112"], "level": 1, "reason": "铅"}
REPORT = {**ITEM, "report_no": "R-7", "agency_code": LAB, "purpose": "self", "result": "fail", "failed_items": ["铅"]}
OFFER = {**ITEM, "platform_code": PLATFORM, "listing_id": "100004", "status": "active", "seller_code": MAKER}
EVENTS = [
    event("entity", 1, code=MAKER, name="桂花坊（杭州）食品", status="active", division="330784"),
    event("product", 1, gtin=GTIN, producer_code=MAKER, name="桂花蜂蜜糕", category="糕点", requires_licence=False),
    event("lot", 1, **ITEM, produced_on=DAY, quantity=9, inputs=[]),
    event("recall", 1, **RECALL, status="open"),
    event("inspection", 1, LAB, **REPORT, inspected_on=DAY),
    event("listing", 1, PLATFORM, **OFFER, title="糕 <b>\u202e[red]", category="糕点", price_fen=100, sold_30d=1),
]


@pytest.fixture
def processed(suyuan, tmp_path):
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in EVENTS))
    assert suyuan("publish", file, own=True).code == 0
    assert suyuan("run", "--once", own=True).code == 0
    return suyuan


def test_any_number_or_name_finds_what_it_belongs_to(processed, data):
    answer = processed("find", "h260112", "6903379452712", "桂花坊", "R-7", "91330784MABQYF7F4C", "--json", own=True)
    assert answer.code == 0
    lot, gtin, name, report, wrong = map(json.loads, answer.output.splitlines())
    assert (lot["lots"]["count"], lot["listings"]["verdicts"]) == (1, {"contradicted": 1})
    assert lot["alerts"]["raised"] > 0
    assert {group["kind"]: group["count"] for group in lot["records"]} == {"recall": 1, "inspection": 1}
    assert gtin["subjects"][0]["first"][0]["facts"]["name"] == "桂花蜂蜜糕"
    assert (name["matched"], name["subjects"][0]["first"][0]["key"]) == ("name", {"code": MAKER})
    assert report["records"][0]["first"][0]["evidence"].startswith(f"inspection/{LAB}/inspection-1~")
    assert report["records"][0]["first"][0]["occurred_at"] == "2026-01-09T23:06:40.000Z"
    assert (wrong["matched"], wrong["readings"][0]["fault"], wrong["near"][0]["identifier"]) == (None, "check", MAKER)

    answer = processed("find", "91330784MABQYF7F4C", "unheard of", own=True)
    assert answer.code == 1
    assert answer.output.splitlines()[0].split("\t") == ["sought", "what", "of", "key", "says"]
    assert f"perhaps meant\t\t{MAKER}\t" in answer.output
    assert "is not a credit code (check: check character 18 is C, B expected)" in answer.errors
    assert "unheard of\tnothing" in answer.output

    lines = processed("find", "-", stdin="召1\n\n 100004 \n召1\n".encode(), own=True)
    found = [line.split("\t")[:2] for line in lines.output.splitlines()[1:4]]
    assert found == [["召1", "recall"], ["100004", "listing"], ["100004", "alert"]]
    looked = ("find", "H260112", "--data", data)
    for shown in on_terminal((60, looked), (200, looked)):
        for text in ("H260112", "contradicted", "level 1", "R-7", "100004", GTIN):
            assert text in shown, shown
        assert "\u202e" not in shown
