from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from suyuan.cli.drawing.chain import draw_chain
from suyuan.cli.drawing.words import clean

PRODUCER, SELLER, HOLDER = "91330106009900005E", "91370202005000018L", "91320505000010006C"

MOMENT = 1_767_600_000_000


def node(role, code, name, status, evidence):
    return {"role": role, "id": code, "name": name, "status": status, "division": None, "evidence": evidence}


def hop(number, sender, receiver, quantity, evidence):
    ends = {"from_code": sender, "to_code": receiver}
    return {"shipment_id": f"S{number}", **ends, "quantity": quantity, "shipped_at": MOMENT, "evidence": evidence}


def gap(name, kind, subject=None, detail=None, evidence=()):
    return {"gap": name, "class": kind, "subject": subject, "detail": detail, "evidence": list(evidence)}


CHAIN = {
    "platform_code": "91110105MA004TMC60",
    "listing_id": "I1",
    "verdict": "contradicted",
    "title": "【正品保证】明前龙井茶 250g 礼盒装",
    "price_fen": 12_345,
    "sold_30d": 1_200,
    "listed_at": MOMENT,
    "as_of": MOMENT,
    "producer_code": PRODUCER,
    "producer_name": "杭州西湖食品有限公司",
    "nodes": [
        node("seller", SELLER, "青岛商贸有限公司", "active", "P/E1"),
        node("holder", HOLDER, None, None, None),
        node("producer", PRODUCER, "杭州西湖食品有限公司", "revoked", "P/E2"),
    ],
    "hops": [hop(1, PRODUCER, HOLDER, 3_000, "P/E3"), hop(2, HOLDER, SELLER, 50, "P/E4")],
    "gaps": [
        gap("lot_recalled", "contradicted", "L1", "recall RC1, level 1", ["P/E5", "P/E6"]),
        gap("uninspected", "unverified"),
    ],
}


def drawn(chain, width=80, **options):
    out = io.StringIO()
    Console(file=out, width=width, highlight=False, **options).print(draw_chain(chain))
    return out.getvalue()


def test_a_chain_tells_who_how_and_what_is_wrong_with_the_evidence_of_each():
    text = " ".join(drawn(CHAIN, width=200).split())
    for part in (
        "CONTRADICTED",
        "明前龙井茶",
        "¥123.45",
        "1,200 sold in 30 days",
        "producer: 杭州西湖食品有限公司 91330106009900005E revoked",
        f"杭州西湖食品有限公司 → {HOLDER} 3,000 units",
        f"{HOLDER} → 青岛商贸有限公司 50 units",
        "2 gaps",
        "lot_recalled (contradicted)",
        "recall RC1, level 1",
        "uninspected (unverified)",
    ):
        assert part in text
    for number in range(1, 7):
        assert f"P/E{number}" in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal_though_chinese_takes_two_columns(width):
    assert all(cell_len(line.rstrip()) <= width for line in drawn(CHAIN, width).splitlines())


def test_without_colour_there_are_no_escapes_and_classes_still_differ():
    text = drawn(CHAIN)
    assert "\x1b" not in text
    assert "✗ lot_recalled" in text
    assert "? uninspected" in text
    assert "\x1b[" in drawn(CHAIN, force_terminal=True, color_system="truecolor", no_color=False)


def test_text_from_outside_cannot_steer_the_terminal_nor_use_markup():
    text = drawn({**CHAIN, "title": "\x1b[2J[red]\x07x\u009b31m"}, force_terminal=True)
    assert "[2J[red]" in text
    assert "\x1b[2J" not in text
    assert "\x07" not in text
    assert "\u009b" not in text
    assert clean("a\nb\x00") == "a\\u000ab\\u0000"


def test_a_bare_chain_is_drawn_too():
    text = drawn({"platform_code": "P", "listing_id": "I", "verdict": "removed", "nodes": [], "hops": [], "gaps": []})
    assert "REMOVED" in text
    assert "no gaps" in text
    assert "is being loaded" in text
