"""Who is in charge of what a rule says, and why."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.domain.divisions import AFTER_ALL_CHANGES, NATION, division_name, was_ever_division
from suyuan.domain.records import Bureau
from suyuan.domain.rules.charge_words import charge_in_words
from suyuan.domain.rules.jurisdiction import Bureaus, charge

LEVELS = ("county", "city", "province", "nation")


def bureau(division, handled_by=None, status="active"):
    return Bureau(
        event_id=division,
        publisher="P",
        occurred_at=0,
        division=division,
        name_zh=f"{division}局",
        name_en=division,
        level="county",
        handled_by=handled_by,
        status=status,
    )


def bureaus(**handled):
    """Of `d330100="330191"`: the bureau of 330100, whose work 330191 does."""
    return {name[1:]: bureau(name[1:], heir) for name, heir in handled.items()}


def why(jurisdiction="seller", level="county", seller=None, producer=None, **handled):
    """The reason; the bureau in charge is always its last code."""
    found = charge(jurisdiction, level, seller, producer, bureaus(**handled))
    steps = [word for word in found.why.split() if not word.startswith(("circle:", "too_far:"))]
    assert steps[-1].endswith(f":{found.bureau}")
    return found.why


@pytest.mark.parametrize(
    ("jurisdiction", "seller", "producer", "reason"),
    [
        ("seller", "330108", "440305", "seller:330108"),
        ("producer", "330108", "440305", "producer:440305"),
        ("seller", None, "440305", "unknown:seller producer:440305"),
        ("producer", "330108", None, "unknown:producer seller:330108"),
        ("producer", "330108", "", "unknown:producer seller:330108"),
        ("seller", "990101", "440305", "unknown:seller producer:440305"),
        ("seller", None, None, "unknown:seller unknown:producer nation:100000"),
        ("producer", "中", None, "unknown:producer unknown:seller nation:100000"),
    ],
)
def test_the_party_of_the_rule_else_the_other_else_the_nation(jurisdiction, seller, producer, reason):
    assert why(jurisdiction, seller=seller, producer=producer) == reason


@pytest.mark.parametrize(
    ("division", "level", "reason"),
    [
        ("330108", "county", "seller:330108"),
        ("330108", "city", "seller:330108 level:city:330100"),
        ("330108", "province", "seller:330108 level:province:330000"),
        ("330108", "nation", "seller:330108 level:nation:100000"),
        ("110221", "county", "seller:110221 successor:110114"),
        ("341402", "city", "seller:341402 successor:340181 level:city:340100"),
        ("110105", "city", "seller:110105 level:city:110000"),
        ("310115", "city", "seller:310115 level:city:310000"),
        ("500230", "city", "seller:500230 level:city:500000"),
        ("469001", "city", "seller:469001 level:city:460000"),
        ("469001", "county", "seller:469001"),
        ("429004", "city", "seller:429004 level:city:420000"),
        ("659001", "city", "seller:659001 level:city:650000"),
        ("441900", "county", "seller:441900"),
        ("441900", "city", "seller:441900"),
        ("330000", "county", "seller:330000"),
        ("330000", "city", "seller:330000"),
        ("100000", "province", "seller:100000"),
        ("810001", "city", "seller:810001 successor:810000"),
        ("110100", "county", "seller:110100 level:county:110000"),
        ("330101", "county", "seller:330101 level:county:330100"),
        ("33 01-08:x", "county", "seller:330108x successor:330000"),
    ],
)
def test_the_level_of_the_rule(division, level, reason):
    assert why(level=level, seller=division) == reason


def test_the_work_is_done_by_whom_the_record_names():
    assert why(level="city", seller="330108", d330100="330191") == "seller:330108 level:city:330100 handled_by:330191"
    assert why(seller="330108", d330108="330109", d330109=None) == "seller:330108 handled_by:330109"
    assert why(seller="330108", d330109="330108") == "seller:330108"


def test_a_record_is_asked_before_the_table_of_a_division_that_is_not_in_force():
    """A zone, which the table never had, and a district that was merged, of which it does not know into which."""
    assert why(seller="330191") == "seller:330191 successor:330100"
    assert why(seller="330191", d330191=None) == "seller:330191"
    assert why(seller="330191", d330191="330114") == "seller:330191 handled_by:330114"
    assert why(seller="330103") == "seller:330103 successor:330100"
    assert why(seller="330103", d330103="330105") == "seller:330103 handled_by:330105"
    assert why(seller="990101", d990101=None) == "seller:990101"
    assert why(level="city", seller="330191", d330191="330114") == "seller:330191 successor:330100"


def test_three_steps_and_no_more():
    chain = {"d330102": "330105", "d330105": "330106", "d330106": "330108"}
    three = "seller:330102 handled_by:330105 handled_by:330106 handled_by:330108"
    assert why(seller="330102", **chain) == three
    assert why(seller="330102", **chain, d330108="330109") == f"{three} too_far:330109"


def test_no_way_leads_back():
    assert why(seller="330102", d330102="330105", d330105="330102") == ("seller:330102 handled_by:330105 circle:330102")
    assert why(seller="330102", d330102="330102") == "seller:330102 circle:330102"


codes = st.sampled_from(["330102", "330105", "330100", "330191", "330000", "110100", "110221", "469001", "990000", ""])


@given(
    st.sampled_from(["seller", "producer"]),
    st.sampled_from(LEVELS),
    codes | st.none(),
    codes | st.none(),
    st.dictionaries(codes.filter(bool), codes.filter(bool) | st.none()),
)
def test_there_is_always_one_in_charge_and_a_reason(jurisdiction, level, seller, producer, handled):
    records = {division: bureau(division, heir) for division, heir in handled.items()}
    found = charge(jurisdiction, level, seller, producer, records)
    assert found.bureau in records or found.bureau in handled.values() or division_name(found.bureau, AFTER_ALL_CHANGES)
    assert found.why.count("handled_by:") <= 3
    assert Bureaus(records.values()).charge(jurisdiction, level, seller, producer) == found
    for language in ("zh", "en"):
        words = charge_in_words(found.why, language)
        assert found.bureau in words
        assert len(words.split(" → ")) >= len(found.why.split())


def test_of_all_divisions_ever_the_bureau_is_one_of_now():
    known = [code for code in map(str, range(110_000, 660_000)) if was_ever_division(code)]
    for division, level in itertools.product(known, LEVELS):
        found = charge("seller", level, division, None, {})
        assert division_name(found.bureau, AFTER_ALL_CHANGES) not in {None, "市辖区"}
        assert found.bureau.endswith({"county": "", "city": "00", "province": "0000", "nation": NATION}[level])


@pytest.mark.parametrize(
    ("reason", "zh", "en"),
    [
        (
            "seller:330108 level:city:330100",
            "卖家所在区划 330108 滨江区 → 市级 → 330100 杭州市",
            "seller's division 330108 滨江区 → city level → 330100 杭州市",
        ),
        (
            "unknown:producer seller:110221 successor:110114",
            "生产者所在区划不明 → 卖家所在区划 110221 昌平县 → 现区划 110114 昌平区",
            "producer's division not known → seller's division 110221 昌平县 → now 110114 昌平区",
        ),
        (
            "seller:330102 handled_by:330191 circle:330102",
            "卖家所在区划 330102 上城区 → 由 330191 钱塘局 办理 → 其登记又指回 330102 上城区，到此为止",
            (
                "seller's division 330102 上城区 → handled by 330191 钱塘局 → "
                "whose record leads back to 330102 上城区: it ends here"
            ),
        ),
        (
            "seller:330102 weather:sun",
            "卖家所在区划 330102 上城区 → weather:sun",
            "seller's division 330102 上城区 → weather:sun",
        ),
        ("", "", ""),
    ],
)  # fmt: skip
def test_the_reason_in_words(reason, zh, en):
    names = {"330191": "钱塘局"}
    assert charge_in_words(reason, "zh", names) == zh
    assert charge_in_words(reason, "en", names) == en
