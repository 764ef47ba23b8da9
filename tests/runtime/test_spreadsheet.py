"""What a spreadsheet opens is text there, whatever others wrote."""

from __future__ import annotations

import csv
import io

import pytest

from suyuan.runtime.spreadsheet import cell, csv_lines


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_what_would_be_a_formula_is_text(text):
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        (-5, "-5"),
        (True, "true"),
        ("茶", "茶"),
        (["a", "b"], "a;b"),
        (["=a"], "'=a"),
        ([{"gap": "="}], '[{"gap":"="}]'),
        ("1-2", "1-2"),
    ],
)
def test_other_values_are_as_they_are(value, written):
    assert cell(value) == written


def test_lines_are_a_header_and_the_rows_as_csv_reads_them():
    rows = [{"title": 'a "b", c\nd', "received_at": 1_772_300_005_007}, {"title": "=x", "received_at": None}]
    text = "".join(csv_lines(("title", "received_at"), rows))
    assert text.startswith("\ufefftitle,received_at\r\n")
    read = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert read[1:] == [['a "b", c\nd', "2026-02-28T17:33:25.007Z"], ["'=x", ""]]
