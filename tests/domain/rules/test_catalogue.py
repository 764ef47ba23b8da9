import polars as pl
import pytest

from suyuan.domain.chain.gaps import GAPS
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
        ("[[rule]]", "[[rule", "not TOML"),
        ("[[rule]]", ONE + "[[rule]]", "several rules"),
    ],
)
def test_a_bad_rule_is_named(was, is_, complaint):
    with pytest.raises(RuleError, match=complaint):
        read_catalogue(ONE.replace(was, is_, 1))


def test_explanations_show_values_and_dashes_for_absent_ones():
    rows = pl.DataFrame({"title": ["茶", None], "sold_30d": [5, None], "gap_names": [["a", "b"], None]})
    text = explanation("“{title}”{{}}{sold_30d}: {gap_names}")
    assert rows.select(text).to_series().to_list() == ["“茶”{}5: a, b", "“–”{}–: –"]


def test_every_placeholder_is_a_column_that_chains_have():
    shown = {name for name in COLUMNS if any(f"{{{name}}}" in rule.explanation_zh for rule in built_in_rules())}
    assert {"title", "producer_code", "sold_30d"} <= shown
