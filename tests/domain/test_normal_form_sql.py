"""Normal form in ClickHouse is that in Python."""

import json
import unicodedata

import chdb
import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st

from suyuan.domain.identifiers.normal_form_sql import normal_form_sql
from tests.domain.test_normal_form import FORMS, texts


def in_clickhouse(given, folder):
    """Of each text its normal form of every kind, and the normal forms of those."""
    path = folder / "texts.parquet"
    pl.DataFrame({"x": given}, schema={"x": pl.String}).write_parquet(path)
    once = ", ".join(f"{normal_form_sql(form, 'x')} AS {form}_once" for form in FORMS)
    twice = ", ".join(f"{normal_form_sql(form, f'{form}_once')} AS {form}_twice" for form in FORMS)
    query = f"SELECT *, {twice} FROM (SELECT {once} FROM file('{path}', Parquet, 'x Nullable(String)'))"  # noqa: S608
    return [json.loads(line) for line in str(chdb.query(query, "JSONEachRow")).splitlines()]


@settings(deadline=None, max_examples=6)
@given(typed=st.lists(texts, min_size=1, max_size=100))
@example(
    typed=["a \u0308", "\u1100 \u1161", "1\u3000\u0308", "a\u00a8", "\\N", "'", "\x00", "00000000", "0000000000000"]
)
@example(typed=[None])
def test_clickhouse_and_python_agree_and_twice_is_once(tmp_path_factory, typed):
    expected = [
        {f"{form}_{time}": single(text) for time in ("once", "twice") for form, (single, _) in FORMS.items()}
        for text in typed
    ]
    assert in_clickhouse(typed, tmp_path_factory.mktemp("sql")) == expected


def test_the_engines_know_the_same_characters(tmp_path):
    known = [c for c in map(chr, range(0x110000)) if unicodedata.category(c) not in ("Cn", "Cs", "Co", "Lo")]
    typed = pl.Series([f"a{character}a" for character in known])
    found = pl.DataFrame(in_clickhouse(typed.to_list(), tmp_path))
    for form, (_, columns) in FORMS.items():
        assert found[f"{form}_once"].to_list() == columns(typed).to_list()
