from __future__ import annotations

import csv
import io
from itertools import chain, repeat

from hypothesis import given
from hypothesis import strategies as st

from suyuan.publishing.files.lines import LONGEST, Mark
from suyuan.publishing.files.problems import Spoiled
from suyuan.publishing.files.table import Table


def rows(text):
    return list(Table(text.encode("utf-8", "surrogateescape").split(b"\n")).rows())


def good(text):
    return [(line, row) for line, row in rows(text) if isinstance(row, list)]


def spoiled(text):
    return [line for line, row in rows(text) if isinstance(row, Spoiled)]


@given(st.lists(st.lists(st.text('ab,"\n 中', max_size=6), min_size=2, max_size=4), max_size=8))
def test_what_the_csv_module_writes_comes_back(table):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(table)
    assert [row for _, row in rows(out.getvalue().removesuffix("\n"))] == table


def test_a_record_has_the_line_on_which_it_begins():
    assert rows('a,b\n1,"x\ny\nz"\n2,3\n\n4,5') == [
        (1, ["a", "b"]),
        (2, ["1", "x\ny\nz"]),
        (5, ["2", "3"]),
        (7, ["4", "5"]),
    ]


def test_a_quote_that_is_never_closed_costs_its_row_alone():
    text = 'a,b\n1,"never closed\n2,3\n4,5'
    assert spoiled(text) == [2]
    assert good(text) == [(1, ["a", "b"]), (3, ["2", "3"]), (4, ["4", "5"])]


def test_nor_does_it_swallow_a_file_longer_than_memory():
    count = 2 * LONGEST // 1000
    many = "\n".join(["2," + "3" * 1000] * count)
    found = rows(f'a,b\n1,"never closed\n{many}')
    assert [line for line, row in found if isinstance(row, Spoiled)] == [2]
    assert len(found) == 2 + count


def test_nor_a_file_of_nothing_but_ends_of_lines():
    table = Table(chain([b"a,b", b'1,"never closed'], repeat(b"", 3 * LONGEST)))
    found = table.rows()
    assert next(found) == (1, ["a", "b"])
    line, row = next(found)
    assert (line, type(row)) == (2, Spoiled)
    assert len(table._again) <= LONGEST + 1


def test_bytes_that_are_no_text_cost_their_row_alone():
    assert spoiled("a,b\n1,\udcff\n2,\x00\n3,4") == [2, 3]
    assert good("a,b\n1,\udcff\n2,\x00\n3,4") == [(1, ["a", "b"]), (4, ["3", "4"])]


def test_bytes_that_are_no_text_within_a_quoted_field():
    text = 'a,b\n1,"x\n\udcff"\n3,4'
    assert 2 in spoiled(text)
    assert good(text)[-1] == (4, ["3", "4"])


def test_a_line_that_is_too_long_costs_its_row_alone():
    found = list(Table([b"a,b", Mark.TOO_LONG, b"1,2"]).rows())
    assert found[1][0] == 2
    assert isinstance(found[1][1], Spoiled)
    assert found[2] == (3, ["1", "2"])


def test_a_pause_in_the_middle_of_a_record_loses_nothing():
    found = list(Table([b"a,b", b'1,"x', Mark.PAUSE, b'y"', b"3,4"]).rows())
    assert [row for row in found if row[1] is not None] == [
        (1, ["a", "b"]),
        (2, ["1", "x\ny"]),
        (4, ["3", "4"]),
    ]
