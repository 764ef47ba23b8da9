"""polars and ClickHouse say the same of every expression of the language, over any rows, NULLs included."""

import json
import random
import re

import chdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.domain.rules.catalogue import built_in_rules
from suyuan.domain.rules.columns import COLUMNS, Kind
from suyuan.domain.rules.rule import Rule
from suyuan.domain.rules.sql import condition, to_clickhouse, to_polars

DTYPES = {Kind.TEXT: pl.String, Kind.NUMBER: pl.Int64, Kind.TEXTS: pl.List(pl.String)}
CLICKHOUSE = {Kind.TEXT: "Nullable(String)", Kind.NUMBER: "Nullable(Int64)", Kind.TEXTS: "Array(String)"}
STRUCTURE = ", ".join(f"{name} {CLICKHOUSE[column.kind]}" for name, column in COLUMNS.items())
WORDS = [
    "",
    "a",
    "A",
    "ab",
    "b",
    "a.b",
    "a'b",
    "a\\b",
    "\\'",
    "100",
    "假冒",
    "假",
    "(a|b)[",
    "a\nb",
    "\\n",
    '"',
    "É",
    "é",
]
NUMBERS = [0, 1, -1, 2, 3, 10, 100, 999, 1000, 2**31, -(2**31) - 1, 2**53 + 1, 2**62, 2**63 - 1, -(2**63)]
VERDICTS = ["contradicted", "broken", "partial", "complete", "removed"]


def rule(expression: str, name: str = "tried") -> Rule:
    return Rule(name, 1, "试", "tried", "low", expression, "", "")


def frame(seed: int, rows: int = 40, about: Rule | None = None) -> pl.DataFrame:
    """Rows of any values; `about`: of those that the rule itself names, and the next ones."""
    chance = random.Random(seed)
    words, numbers, gaps = WORDS, [*NUMBERS, *range(0, 2000, 7), *range(5)], sorted(COLUMNS["gap_names"].values)
    if about is not None:
        words = [*re.findall("'([^']*)'", about.expression), *WORDS[:2]]
        numbers = [int(number) + step for number in re.findall(r"\b\d+\b", about.expression) for step in (-1, 0, 1)]
        numbers = numbers or NUMBERS
        gaps = [*sorted(condition(about).gaps), *gaps[:2]]

    def value(name: str):
        column = COLUMNS[name]
        if chance.random() < 0.2 and name != "verdict":
            return None
        if name == "verdict":
            return chance.choice(VERDICTS)
        if column.kind is Kind.TEXTS:
            return sorted(set(chance.choices(gaps, k=chance.randrange(4))))
        if column.kind is Kind.NUMBER:
            return chance.choice(numbers)
        return chance.choice(sorted(column.values) if column.values else words)

    return pl.DataFrame(
        {name: [value(name) for _ in range(rows)] for name in COLUMNS},
        schema={name: DTYPES[column.kind] for name, column in COLUMNS.items()},
    )


def in_clickhouse(rows: pl.DataFrame, rules: list[Rule], folder) -> list[list[bool]]:
    path = folder / "rows.parquet"
    rows.write_parquet(path)
    selected = ", ".join(f"{to_clickhouse(each)} AS r{number}" for number, each in enumerate(rules))
    query = f"SELECT {selected} FROM file('{path}', Parquet, '{STRUCTURE}')"  # noqa: S608
    text = str(chdb.query(query, "JSONCompactEachRow"))
    return [[bool(value) for value in json.loads(line)] for line in text.splitlines()]


def in_polars(rows: pl.DataFrame, rules: list[Rule]) -> list[list[bool]]:
    fired = rows.select(to_polars(each).alias(f"r{number}") for number, each in enumerate(rules))
    return [list(row) for row in fired.iter_rows()]


def of_kind(kind: Kind) -> list[str]:
    return [name for name, column in COLUMNS.items() if column.kind is kind]


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


FREE_TEXTS = [name for name in of_kind(Kind.TEXT) if COLUMNS[name].values is None]
texts = st.sampled_from([word for word in WORDS if "\n" not in word]).map(quoted)
counts = st.sampled_from([number for number in NUMBERS if number > -(2**63)]).map(str)
signs = st.sampled_from(["=", "<>", "!=", "<", "<=", ">", ">="])
text_terms = st.one_of(
    st.sampled_from(FREE_TEXTS),
    texts,
    st.builds("coalesce({}, {})".format, st.sampled_from(FREE_TEXTS), texts),
)
number_terms = st.recursive(
    st.one_of(
        st.sampled_from(of_kind(Kind.NUMBER)),
        counts,
        st.builds("coalesce({}, {})".format, st.sampled_from(of_kind(Kind.NUMBER)), counts),
    ),
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from("+-*"), inner),
    max_leaves=4,
)
patterns = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "%"]),
    st.sampled_from(["", "a", "假", "a.b", "''", "(a|b)["]),
    st.sampled_from(["", "%"]),
)
comparisons = st.one_of(
    st.builds("{} {} {}".format, text_terms, signs, text_terms),
    st.builds("{} {} {}".format, number_terms, signs, number_terms),
    st.builds(
        "{} IS {}NULL".format,
        st.sampled_from(FREE_TEXTS + of_kind(Kind.NUMBER)),
        st.sampled_from(["", "NOT "]),
    ),
    st.builds(
        "{} {}IN ({})".format,
        text_terms,
        st.sampled_from(["", "NOT "]),
        st.lists(texts, min_size=1, max_size=3).map(", ".join),
    ),
    st.builds(
        "{} {}IN ({})".format,
        number_terms,
        st.sampled_from(["", "NOT "]),
        st.lists(counts, min_size=1, max_size=3).map(", ".join),
    ),
    st.builds(
        "{} {}BETWEEN {} AND {}".format,
        number_terms,
        st.sampled_from(["", "NOT "]),
        number_terms,
        number_terms,
    ),
    st.builds("{} {}LIKE '{}'".format, text_terms, st.sampled_from(["", "NOT "]), patterns),
    st.builds(
        "array_contains(gap_names, {})".format,
        st.sampled_from(sorted(COLUMNS["gap_names"].values)).map(quoted),
    ),
    st.builds("{} {} {}".format, st.just("verdict"), signs, st.sampled_from(VERDICTS[:4]).map(quoted)),
    st.builds("{} = {}".format, st.just("seller_status"), st.just("'revoked'")),
    st.sampled_from(["TRUE", "FALSE"]),
)
conditions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["AND", "OR"]), inner),
        st.builds("{} {} {}".format, inner, st.sampled_from(["AND", "OR"]), inner),
        st.builds("NOT ({})".format, inner),
        st.builds("NOT {}".format, inner),
    ),
    max_leaves=6,
)


@settings(max_examples=15, deadline=None)
@given(st.lists(conditions, min_size=30, max_size=30), st.integers(0, 10_000))
def test_both_engines_agree(tmp_path_factory, expressions, seed):
    rules = [rule(expression) for expression in expressions]
    rows = frame(seed)
    theirs = in_clickhouse(rows, rules, tmp_path_factory.getbasetemp())
    for mine, other in zip(in_polars(rows, rules), theirs, strict=True):
        assert dict(zip(expressions, mine, strict=True)) == dict(zip(expressions, other, strict=True))


@settings(max_examples=50, deadline=None)
@given(st.lists(conditions, min_size=30, max_size=30), st.integers(0, 10_000))
def test_where_a_rule_fires_there_is_a_gap_that_it_needs(expressions, seed):
    rules = [*map(rule, expressions), *built_in_rules()]
    rows = frame(seed)
    for gaps, fired in zip(rows["gap_names"], in_polars(rows, rules), strict=True):
        for each, fires in zip(rules, fired, strict=True):
            needs = condition(each).needs
            assert not fires or needs is None or needs & set(gaps if gaps is not None else ())


def test_built_in_rules_agree(tmp_path):
    rules = list(built_in_rules())
    rows = pl.concat([frame(1, rows=400), *(frame(2, rows=200, about=each) for each in rules)])
    ours = in_polars(rows, rules)
    assert ours == in_clickhouse(rows, rules, tmp_path)
    assert all(any(row[number] for row in ours) for number in range(len(rules)))


@pytest.mark.parametrize(
    "expression",
    [
        "NOT (lot = 'x')",
        "lot NOT IN ('x')",
        "NOT (sold_30d > 3 AND lot = 'x')",
        "lot NOT LIKE '%x%'",
        "price_fen * 2 > 10",
        "seller_penalties <> 1",
    ],
)
def test_a_rule_that_is_null_does_not_fire(expression, tmp_path):
    unknown = {name: pl.lit(None, dtype) for name, dtype in (("lot", pl.String), ("price_fen", pl.Int64))}
    unknown["seller_penalties"] = pl.lit(None, pl.Int64)
    rows = frame(2, rows=1).with_columns(**unknown, sold_30d=pl.lit(5, pl.Int64), verdict=pl.lit("broken"))
    rules = [rule(expression)]
    assert in_polars(rows, rules) == in_clickhouse(rows, rules, tmp_path) == [[False]]


def test_a_removed_listing_fires_no_rule(tmp_path):
    rows = frame(3, rows=2).with_columns(verdict=pl.Series(["removed", "broken"]))
    rules = [rule("TRUE")]
    assert in_polars(rows, rules) == in_clickhouse(rows, rules, tmp_path) == [[False], [True]]
