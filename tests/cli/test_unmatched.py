"""`suyuan unmatched`, on records as offices publish them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from suyuan.domain.calendar import china_day
from tests.cli.terminal import on_terminal

FILES = Path(__file__).parents[1] / "data" / "files"
MAKER, OTHER, LAB = "91330106MAC001028F", "91310104MAC051025P", "91330106MAC9000155"
GTIN, CASE, IN_HOUSE = "06903379001026", "16903379001023", "02012345678903"
AT = 1_768_000_000_000


def event(kind, number, publisher=MAKER, **fields):
    return {"kind": kind, "event_id": f"{kind}-{number}", "publisher": publisher, "occurred_at": AT} | fields


def lot(number, name, gtin=GTIN, inputs=()):
    made_of = [{"producer_code": MAKER, "gtin": gtin, "lot": each, "quantity": 1} for each in inputs]
    day = china_day(AT).isoformat()
    return event("lot", number, producer_code=MAKER, gtin=gtin, lot=name, produced_on=day, quantity=9, inputs=made_of)


def shipment(number, gtin, name, quantity=1):
    said = {"shipment_id": f"S{number}", "producer_code": MAKER, "gtin": gtin, "lot": name, "quantity": quantity}
    return event("shipment", number, from_code=MAKER, to_code=OTHER, **said)


def fail(number, name):
    day = china_day(AT).isoformat()
    said = {"report_no": f"R{number}", "agency_code": LAB, "producer_code": MAKER, "gtin": GTIN, "lot": name}
    said |= {"purpose": "spot_check", "result": "fail", "failed_items": ["铅"], "inspected_on": day}
    return event("inspection", number, LAB, **said)


def recall(number, *lots, gtin=GTIN):
    said = {"recall_no": f"召{number}", "producer_code": MAKER, "gtin": gtin, "lots": list(lots), "level": 1}
    return event("recall", number, reason="铅超标", status="open", **said)


NOWHERE = [f"N{number}" for number in range(10, 56)]
EVENTS = [
    event("product", 1, gtin=GTIN, producer_code=MAKER, name="蜂蜜", category="honey", requires_licence=False),
    lot(1, "H1"),
    lot(2, "H2", inputs=["H1", "H0"]),
    shipment(1, GTIN, "H1"),
    shipment(2, CASE, "H1"),
    shipment(3, CASE, "H1", quantity=0),
    fail(1, "H1"),
    fail(2, "2026-01-05/H1"),
    recall(1, "H1"),
    recall(2, "H1,H2"),
    recall(3),
    recall(4, gtin=CASE),
    recall(5, *NOWHERE),
]
LISTED = {
    ("lot", f"{MAKER} {GTIN} H2", "input", GTIN, "H0"),
    ("shipment", "S2", "lot", CASE, "H1"),
    ("inspection", "R2", "lot", GTIN, "2026-01-05/H1"),
    ("recall", "召2", "lot", GTIN, "H1,H2"),
    ("recall", "召4", "product", CASE, ""),
    *(("recall", "召5", "lot", GTIN, lot) for lot in NOWHERE),
}


@pytest.fixture
def processed(suyuan, tmp_path):
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in EVENTS))
    assert suyuan("publish", file, own=True).code == 0
    assert suyuan("run", "--once", own=True).code == 0
    return suyuan


def test_what_matches_nothing_is_listed_when_it_has_had_time(processed, data):
    answer = processed("unmatched", "--json", own=True)
    assert (answer.code, answer.output) == (0, "")
    assert "within the last ten minutes (--all)" in answer.errors
    answer = processed("unmatched", "--json", "--all", own=True)
    rows = [json.loads(line) for line in answer.output.splitlines()]
    found = {(row["kind"], " ".join(row["key"]), row["missing"], row["gtin"], row["lot"]) for row in rows}
    assert len(rows) == len(found) == len(LISTED)
    for kind, name, *names in LISTED:
        (key,) = [each[1] for each in found if [each[0], *each[2:]] == [kind, *names]]
        assert name in key, key
    assert {row["reason"] for row in rows if row["gtin"] == CASE} == {
        "no lot record of that producer, GTIN and lot: a case's GTIN is another than that of what is in it",
        "no product record of that producer and GTIN: a case's GTIN is another than that of what is in it",
    }
    of_kind = processed("unmatched", "--json", "--all", "--kind", "recall", "--publisher", MAKER.lower(), own=True)
    assert {json.loads(line)["kind"] for line in of_kind.output.splitlines()} == {"recall"}
    wrong = processed("unmatched", "--kind", "recalls", own=True)
    assert (wrong.code, "--kind recalls: not one of recall, inspection" in wrong.errors) == (2, True)
    for width, shown in zip((60, 200), shown_at(data, 60, 200), strict=True):
        for text in ("召2", CASE, "2026-01-05/H1", "S2", *NOWHERE):
            assert text in shown, (width, shown)


def shown_at(data, *widths):
    return on_terminal(*[(width, ("unmatched", "--all", "--limit", len(LISTED), "--data", data)) for width in widths])


@pytest.mark.parametrize(
    ("case", "listed"),
    [
        (
            "recall-lots",
            {
                ("recall", f"RC-{name}", lot)
                for name, lot in (("sep-comma", "H1,H2"), ("space", "H1 H2"), ("lower", "h1"))
            },
        ),
        ("spot-check-lots", {("inspection", "F-date-and-lot", "2026-01-05/H1"), ("inspection", "F-lower", "h1")}),
        ("movements", {("shipment", "CS-0", "R1")}),
    ],
)
def test_records_as_offices_write_them(suyuan, case, listed):
    """Inputs: tests/data/files; what is separated in the file stands alone."""
    suyuan("publish", *sorted((FILES / case).glob("*.csv")), own=True)
    assert suyuan("run", "--once", own=True).code == 0
    rows = map(json.loads, suyuan("unmatched", "--json", "--all", own=True).output.splitlines())
    found = {(row["kind"], row["key"][1], row["lot"]) for row in rows}
    assert listed <= found
    unknown_ones = {each for each in found - listed if each[0] == "recall" and each[2] in {"H2", "H0-H9"}}
    assert found - listed == unknown_ones
