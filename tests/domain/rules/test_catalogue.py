import pytest

from suyuan.domain.chain.gaps import GAPS
from suyuan.domain.identifiers.spoilt import damage
from suyuan.domain.rules.catalogue import built_in_rules, read_catalogue
from suyuan.domain.rules.columns import COLUMNS
from suyuan.domain.rules.errors import RuleError
from suyuan.domain.rules.explanation import explanation
from suyuan.domain.rules.sql import condition

ONE = """
[[rule]]
id = "one"
version = 1
title_zh = "一"
title_en = "One"
severity = "low"
expression = "sold_30d > 1"
explanation_zh = "销量 {sold_30d}"
explanation_en = "sold {sold_30d}"
"""


def test_built_in_rules_cover_every_contradiction_and_break():
    watched = set().union(*(condition(rule).gaps for rule in built_in_rules() if rule.mode == "active"))
    grave = {gap.gap for gap in GAPS if gap.class_ == "contradicted"}
    assert grave <= watched
    assert {"producer_code_invalid", "seller_code_invalid", "licence_missing", "custody_missing"} <= watched
    assert len(built_in_rules()) >= 18


def test_a_catalogue_of_one():
    (rule,) = read_catalogue(ONE)
    assert (rule.id, rule.mode, rule.jurisdiction) == ("one", "active", "seller")
    assert (rule.about, rule.level) == ("listing", "county")


def test_what_an_alert_is_about_and_whose_bureau_it_is_of():
    (rule,) = read_catalogue(ONE + 'about = "lot"\njurisdiction = "producer"\nlevel = "city"\n')
    assert (rule.about, rule.jurisdiction, rule.level) == ("lot", "producer", "city")


@pytest.mark.parametrize(
    ("was", "is_", "complaint"),
    [
        ("sold_30d > 1", "sold > 1", "rule one: .*sold"),
        ('id = "one"', 'id = "One"', "rule One: an id"),
        ("version = 1", "version = 0", "versions start at 1"),
        ("version = 1", 'version = "1"', "version is not a int"),
        ('"low"', '"urgent"', "severity is one of low.*urgent"),
        ('severity = "low"', "", "without: severity"),
        ('severity = "low"', 'severity = "low"\nseverty = "low"', "no such field: severty"),
        ("销量 {sold_30d}", "销量 {sold}", "placeholder.*{sold}"),
        ("销量 {sold_30d}", "销量 {sold_30d.__class__}", "placeholder"),
        ("销量 {sold_30d}", "销量 {sold_30d!r}", "placeholder"),
        ("销量 {sold_30d}", "销量 {sold_30d:>99999999}", "placeholder"),
        ("销量 {sold_30d}", "销量 {", "template"),
        ('"low"', '"low"\nabout = "shop"', "about is one of listing, lot, product, producer, seller, not: 'shop'"),
        ('"low"', '"low"\nlevel = "town"', "level is one of county, city, province, nation, not: 'town'"),
        ('"low"', '"low"\nlevel = 2', "level is not a str: 2"),
        ("[[rule]]", "[[rule", "not TOML"),
        ("[[rule]]", ONE + "[[rule]]", "several rules"),
    ],
)
def test_a_bad_rule_is_named(was, is_, complaint):
    with pytest.raises(RuleError, match=complaint):
        read_catalogue(ONE.replace(was, is_, 1))


def test_explanations_show_values_and_dashes_for_absent_ones():
    template = "“{title}”{{}}{sold_30d} 100%: {gap_names}"
    there = {"title": "茶", "sold_30d": 5, "gap_names": ["a", None, "b"]}
    assert explanation(template, there) == "“茶”{}5 100%: a, b"
    assert explanation(template, dict.fromkeys(there)) == "“–”{}– 100%: –"
    assert explanation(template, there | {"title": "", "gap_names": []}) == "“”{}5 100%: "


@pytest.mark.parametrize(
    "cell", ["9.13301E+17", "913301060000000000", "6903379001194.0", '="690"', "'690", "#REF!", "####"]
)
def test_what_a_spreadsheet_spoilt_is_told_as_such(cell):
    texts = [
        explanation("{title}: {producer_code}.", {"title": cell, "producer_code": code}, "（坏）")
        for code in (cell, "91330106MAC006005X", None)
    ]
    assert texts == [f"{cell}: {cell}（坏）.", f"{cell}: 91330106MAC006005X.", f"{cell}: –."]
    assert damage(cell) is not None


@pytest.mark.parametrize(
    "cell",
    [
        "91330106MAC0060058",
        "9133010600000000001",
        "L2026",
        "1E5",
        "6903379001194",
        "H1.0",
        "00",
        "1ABC00000000000000",
        "#Dıv/0!",
        "",
    ],
)
def test_other_cells_do_not_look_spoilt(cell):
    assert damage(cell) is None
    assert explanation("{lot}", {"lot": cell}) == cell


def test_every_placeholder_is_a_column_that_chains_have():
    shown = {name for name in COLUMNS if any(f"{{{name}}}" in rule.explanation_zh for rule in built_in_rules())}
    assert {"title", "producer_code", "sold_30d"} <= shown
