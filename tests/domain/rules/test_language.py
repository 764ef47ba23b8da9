"""What the language of rules refuses, and that it says which rule and which token."""

import pytest

from suyuan.domain.rules.errors import RuleError
from suyuan.domain.rules.rule import Rule
from suyuan.domain.rules.sql import condition


def conditions_of(expression):
    return condition(Rule("tried", 1, "试", "tried", "low", expression, "", ""))


@pytest.mark.parametrize(
    ("expression", "token"),
    [
        ("price > 1", "price"),
        ("t.price_fen > 1", "t.price_fen"),
        ("price_fen > '1'", "'1'"),
        ("price_fen > 1.5", "1.5"),
        ("price_fen > 1e3", "1e3"),
        ("price_fen > 9223372036854775808", "9223372036854775808"),
        ("price_fen / 2 > 1", "price_fen / 2"),
        ("price_fen % 2 = 1", "price_fen % 2"),
        ("lot = NULL", "NULL"),
        ("lot IN ('a', NULL)", "NULL"),
        ("lot IN (SELECT 1)", "lot IN (SELECT 1)"),
        ("lot IN (title)", "lot IN (title)"),
        ("lot ILIKE 'a%'", "lot ILIKE 'a%'"),
        ("lot LIKE 'a_'", "'a_'"),
        ("lot LIKE '%a%b'", "'%a%b'"),
        ("lot LIKE 'a\\%'", "'a\\%'"),
        ("lot LIKE 'a' ESCAPE '!'", "ESCAPE"),
        ("lot LIKE title", "title"),
        ("lower(lot) = 'a'", "LOWER(lot)"),
        ("file('/etc/passwd') = 'a'", "file('/etc/passwd')"),
        ("EXISTS(SELECT 1)", "EXISTS"),
        ("lot || title = 'a'", "lot || title"),
        ("CAST(lot AS INT) = 1", "CAST(lot AS INT)"),
        ("CASE WHEN lot = 'a' THEN TRUE END", "CASE"),
        ("price_fen", "price_fen"),
        ("(lot = 'a') = (lot = 'b')", "lot = 'a'"),
        ("TRUE IS NULL", "TRUE IS NULL"),
        ("verdict = 'contradictd'", "'contradictd'"),
        ("seller_status IN ('active', 'gone')", "'gone'"),
        ("array_contains(gap_names, 'lot_recaled')", "'lot_recaled'"),
        ("array_contains(gap_names, lot)", "lot"),
        ("gap_names = 'lot_recalled'", "'lot_recalled'"),
        ("lot = 'a\tb'", "'a\tb'"),
        ("lot = 'a'; DROP TABLE chain", "DROP"),
        ("lot = 'a", "lot = 'a"),
        ("lot =", "lot ="),
        ("lot = 'a' extra", "extra"),
    ],
)
def test_refused_with_rule_and_token(expression, token):
    with pytest.raises(RuleError) as refused:
        conditions_of(expression)
    assert refused.value.rule == "tried"
    assert token in str(refused.value)
    assert "\x1b" not in str(refused.value)


@pytest.mark.parametrize("expression", ["", "  ", "-- nothing"])
def test_an_empty_expression_is_refused(expression):
    with pytest.raises(RuleError, match="not one expression"):
        conditions_of(expression)


def test_deep_nests_are_refused_and_long_chains_are_not():
    with pytest.raises(RuleError, match="nested"):
        conditions_of("NOT (" * 400 + "TRUE" + ")" * 400)
    with pytest.raises(RuleError, match="nested"):
        conditions_of("(" * 1500 + "TRUE" + ")" * 1500)
    with pytest.raises(RuleError, match="longer"):
        conditions_of("lot = 'a' OR " * 1000 + "TRUE")
    assert conditions_of(" OR ".join(f"lot = '{number}'" for number in range(250))).columns == {"lot"}


def test_what_a_condition_reads():
    found = conditions_of(
        "VERDICT = 'broken' AND array_contains(gap_names, 'lot_unknown') OR coalesce(lot, '') = '' -- ?"
    )
    assert found.columns == {"verdict", "gap_names", "lot"}
    assert found.gaps == {"lot_unknown"}


@pytest.mark.parametrize(
    ("expression", "plain"),
    [
        ("producer_code = '９1110000 600037341l'", "producer_code = '91110000600037341L'"),
        ("'91110000-600037341l' <> seller_code", "'91110000600037341L' <> seller_code"),
        ("gtin IN ('6903379001194', 'x')", "gtin IN ('06903379001194', 'x')"),
        ("NOT lot = ' Ｈ１'", "NOT lot = 'H1'"),
        ("lot <> ''", "lot <> ''"),
        ("title = ' Ｈ１'", "title = ' Ｈ１'"),
    ],
)
def test_identifiers_are_compared_in_normal_form(expression, plain):
    written, meant = (conditions_of(text) for text in (expression, plain))
    assert (written.polars, written.clickhouse) == (meant.polars, meant.clickhouse)


@pytest.mark.parametrize(
    ("expression", "needs"),
    [
        ("array_contains(gap_names, 'lot_recalled') AND recall_level = 1", {"lot_recalled"}),
        ("recall_level = 1 AND (array_contains(gap_names, 'lot_recalled'))", {"lot_recalled"}),
        (
            "array_contains(gap_names, 'lot_recalled') OR array_contains(gap_names, 'oversold')",
            {"lot_recalled", "oversold"},
        ),
        ("array_contains(gap_names, 'lot_recalled') OR recall_level = 1", None),
        ("NOT array_contains(gap_names, 'lot_recalled')", None),
        ("recall_level = 1", None),
    ],
)
def test_gaps_that_a_condition_needs(expression, needs):
    assert conditions_of(expression).needs == needs
