"""What other rooms say in English is said in Chinese on Chinese pages."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from suyuan.domain.chain.assessment import assess
from suyuan.domain.chain.gaps import GAPS
from suyuan.portal.pages.said import said
from suyuan.portal.pages.words import words
from suyuan.portal.publishing.batch import publish_batch
from suyuan.publishing.files.embedded import outlet
from suyuan.publishing.files.records import Options
from suyuan.publishing.ownership import Right, platform_right
from suyuan.schemas.kinds import KINDS
from tests.domain.chain.conftest import market_of

CASES = Path(__file__).parents[2] / "data" / "cases"
ENGLISH = re.compile(r"\b[a-z]{3,}\b")
PLATFORM = "91330106009900005E"
HEADER = (
    "event_id,publisher,occurred_at,platform_code,listing_id,status,title,category,seller_code,price_fen,sold_30d\n"
)
GOOD = {
    "event_id": "o-1",
    "publisher": PLATFORM,
    "occurred_at": "2026-02-10T12:00:00+08:00",
    "platform_code": PLATFORM,
    "listing_id": "A-1",
    "status": "active",
    "title": "茶",
    "category": "tea",
    "seller_code": "91370202005000018L",
    "price_fen": "100",
    "sold_30d": "1",
}
LOT = {
    "kind": "lot",
    "event_id": "b-1",
    "publisher": PLATFORM,
    "occurred_at": "2026-02-10T12:00:00+08:00",
    "producer_code": "91330784MABQYF7F4B",
    "gtin": "6903379452712",
    "lot": "H1",
    "produced_on": "2026-02-10",
    "expires_on": "2027-02-10",
    "quantity": 1,
    "inputs": [],
}


def details():
    """(gap, detail) of all chains of the reference's markets."""
    found = set()
    for path in sorted(CASES.glob("*.events.jsonl")):
        events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for gaps in assess(*market_of(events)).chains["gaps"].to_list():
            found |= {(gap["gap"], gap["detail"]) for gap in gaps}
    return found


def test_details_of_gaps_are_said_in_chinese():
    found = details()
    assert {gap for gap, _ in found} == {gap.gap for gap in GAPS}
    for gap, detail in found:
        shown = said(detail, "zh")
        assert shown != detail, (gap, detail)
        assert said(detail, "en") == detail
    shown = {gap: said(detail, "zh") for gap, detail in sorted(found)}
    assert re.fullmatch("没有从 [0-9A-Z]{18} 发出的发货记录通向销售者", shown["custody_missing"])
    assert re.fullmatch(
        "(有效|暂停|已吊销)，有效期 [0-9-]+ 至 [0-9-]+；须在 [0-9-]+ 有效", shown["licence_not_in_force"]
    )


def refused(tmp_path, body, right):
    with outlet(tmp_path / "data", 1, fsync=False) as opened:
        batch = publish_batch(opened, body, right, Options("listing"))
    return [each.reason for each in batch.verdicts if each.verdict == "rejected"]


def row(**changed):
    return ",".join({**GOOD, **changed}.values()) + "\n"


def test_reasons_of_refused_rows_are_said_in_chinese(tmp_path):
    rows = [
        {"price_fen": "26.8"},
        {"sold_30d": "x"},
        {"price_fen": "99999999999999999999"},
        {"sold_30d": "9223372036854775808"},
        {"occurred_at": "2026-13-10"},
        {"occurred_at": "1.77E+12"},
        {"occurred_at": "20260210"},
        {"occurred_at": "1770000000"},
        {"occurred_at": "46063"},
        {"occurred_at": "2199-01-01T00:00:00Z"},
        {"occurred_at": "1999-01-01T00:00:00Z"},
        {"occurred_at": "10/2/26"},
        {"status": "sold"},
        {"title": ""},
        {"event_id": "　"},
        {"publisher": "91330106MABQWU0B72"},
        {"platform_code": "91330106MABQWU0B72"},
    ]
    body = HEADER + "".join(row(**each) for each in rows)
    reasons = refused(tmp_path, body.encode(), platform_right(PLATFORM))
    assert len(reasons) == len(rows)
    left = {reason: ENGLISH.findall(said(reason, "zh")) for reason in reasons}
    names = {"sold", "active", "removed"}  # values
    assert {reason: words for reason, words in left.items() if set(words) - names} == {}


def test_reasons_of_refused_objects_are_said_in_chinese(tmp_path):
    objects = [
        {"gtin": "690337945271"},
        {"gtin": "6903379452711"},
        {"gtin": "0000000000000"},
        {"gtin": "690337945271x"},
        {"producer_code": "9133"},
        {"producer_code": "330106000012345"},
        {"producer_code": "9.1330784E+17"},
        {"lot": ""},
        {"quantity": "1"},
        {"quantity": -1},
        {"produced_on": "2026-02-30"},
        {"produced_on": "2026-05-10"},
        {"lot": None},
        {"kind": "listing"},
    ]
    body = "".join(json.dumps(LOT | each) + "\n" for each in objects)
    reasons = refused(tmp_path, body.encode(), Right(frozenset({"lot"})))
    assert len(reasons) == len(objects)
    allowed = {*KINDS, "event_id", "occurred_at", "platform_code"}
    left = {reason: set(ENGLISH.findall(said(reason, "zh"))) - allowed for reason in reasons}
    assert {reason: words for reason, words in left.items() if words} == {}


def test_a_page_has_remedies_of_its_own_and_a_text_without_words_is_shown_as_it_is():
    kind = "which kind of event is this? Name it with --kind, by the file's name, or in a column kind"
    assert "--" not in said(kind, "en")
    assert "--" not in said(kind, "zh")
    assert said("of a newer version", "zh") == "of a newer version"
    assert said(None, "zh") == ""
    assert said("made by {}".format("{0.__class__}"), "zh") == "生产者为 {0.__class__}"


def test_what_is_filled_in_is_filled_in_in_both_languages():
    file = files("suyuan.portal.pages").joinpath("words", "said.toml")
    for each in tomllib.loads(file.read_text(encoding="utf-8"))["text"]:
        blanks = each["is"].count("{}")
        filled = each["is"].replace("{}", "\x00")
        for language in {"zh", "en"} & set(each):
            assert len(re.findall(r"\{\d?\}", each[language])) == blanks, each
            assert each[language].format(*"abcdefgh"[:blanks]), filled


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"day"}))
def test_kinds_within_a_sentence_are_called_as_elsewhere(kind):
    article = "an" if kind[0] in "aeiou" else "a"
    assert said(f"{article} {kind}", "zh") == words("zh").of("kind", kind)
