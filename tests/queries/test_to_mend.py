"""Feedback as lines: each gap with what would mend it."""

from __future__ import annotations

from suyuan.domain.chain.mending import mendings
from suyuan.queries.to_mend import COLUMNS, lines_to_mend, with_mending

LOT = {
    "gap": "lot_undeclared",
    "class": "unverified",
    "subject": "06903379452712",
    "detail": "no lot",
    "evidence": ["x"],
}
SELLER = {"gap": "seller_abnormal", "class": "unverified", "subject": "91", "detail": "abnormal", "evidence": []}
NEWER = {"gap": "of_a_newer_version", "class": "broken", "subject": None, "detail": None, "evidence": []}
ROW = {
    "platform_code": "P",
    "listing_id": "1",
    "title": "茶",
    "verdict": "partial",
    "gaps": [LOT, SELLER, NEWER],
    "received_at": 5,
}


def test_there_is_a_line_for_each_gap_and_it_says_what_would_mend_it():
    lot, seller, newer = lines_to_mend([ROW])
    assert tuple(lot) == COLUMNS
    assert (lot["listing_id"], lot["class"], lot["fields"]) == ("1", "unverified", ["lot"])
    assert lot["how_zh"] == mendings()["lot_undeclared"].how_zh
    assert seller["fields"] == []
    assert (newer["gap"], newer["how_en"]) == ("of_a_newer_version", None)


def test_lines_of_one_gap_alone():
    assert [line["gap"] for line in lines_to_mend([ROW, ROW], "seller_abnormal")] == ["seller_abnormal"] * 2


def test_a_row_keeps_its_gaps_with_what_would_mend_them():
    told = with_mending(ROW)
    assert told["gaps"][0]["proof_en"] == mendings()["lot_undeclared"].proof_en
    assert "how_en" not in ROW["gaps"][0]
