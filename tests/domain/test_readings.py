"""What a text may be that is looked up, and what it may have been meant to be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.domain.identifiers.neighbours import MOST, neighbours
from suyuan.domain.identifiers.readings import forms, prefixes, readings

CODE, GTIN, LICENCE = "91330106MABQWU0B72", "06903379452712", "SC12345678901239"


def read(text):
    return {reading.read_as: reading for reading in readings(text)}


def failing(reading):
    return [level.name for level in reading.levels if level.holds is False]


@pytest.mark.parametrize(
    ("text", "first", "value"),
    [
        (CODE, "credit_code", CODE),
        (" 9133-0106-mabqwu0b72 ", "credit_code", CODE),
        ("6903379452712", "gtin", GTIN),
        ("６９０３３７９４５２７１２", "gtin", GTIN),
        (GTIN, "gtin", GTIN),
        ("sc 1012345678901", "licence_no", "SC1012345678901"),
        ("H260112", "number", "H260112"),
        ("第 17 号", "number", "第 17 号"),
        ("桂花坊", "number", "桂花坊"),
    ],
)
def test_a_text_is_read_as_the_most_telling_first(text, first, value):
    found = readings(text)
    assert (found[0].read_as, found[0].value) == (first, value)
    assert {"number", "lot"} <= {reading.read_as for reading in found}


def test_what_is_nothing_is_read_as_nothing():
    assert readings("  ") == readings("\u200b") == ()
    assert forms("") == prefixes("") == ()


def test_a_code_says_which_level_fails_and_why():
    wrong = read(CODE[:-1] + "3")["credit_code"]
    assert (wrong.valid, wrong.fault, failing(wrong)) == (False, "check", ["check"])
    assert wrong.reason == "check character 18 is 3, 2 expected"
    short = read(CODE[:-1])["credit_code"]
    assert (short.fault, short.reason) == ("format", "17 characters, 18 expected")
    assert [level.holds for level in short.levels] == [False, None, None, None]
    assert "older registration number" in read("330100000012345")["credit_code"].reason
    assert (read(CODE)["credit_code"].valid, read(CODE)["credit_code"].reason) == (True, "")


def test_a_number_of_goods_says_which_level_fails_and_why():
    wrong = read("6903379452713")["gtin"]
    assert (wrong.fault, wrong.reason) == ("check", "the last digit is 3, 2 expected")
    assert [(level.name, level.holds) for level in wrong.levels] == [
        ("length", True),
        ("zeros", True),
        ("check", False),
    ]
    assert read("69033794527")["gtin"].reason == "11 digits, 8, 12, 13 or 14 expected"
    assert read("00000000")["gtin"].fault == "zeros"
    assert "inside one company" in read("2012345678903")["gtin"].reason
    assert "gtin" not in read("1234567")
    assert read("SC123")  # too short to be taken for a licence
    assert "licence_no" not in read("SC123")


def test_what_is_certainly_a_number_is_no_name_and_a_single_character_is_none():
    assert "name" not in read(CODE)
    assert "name" not in read("6903379452712")
    assert "name" not in read("糕")
    assert "name" not in read("123456")
    assert "name" in read("糕点")
    assert "name" in read("H260112")


def test_numbers_are_looked_up_under_each_form_they_may_be_kept_under():
    assert forms("h-260112") == ("H260112", "h260112", "h-260112", "H-260112")
    assert GTIN in forms("6903379452712")
    assert "6903379452712" in forms("6903379452712")
    assert {"69033794", "069033794"} <= set(prefixes("69033794"))
    assert prefixes("H2601") == ()
    assert prefixes("913301") == ("913301", "0913301")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("91330106MABQWU0B73", CODE),
        ("91330106MABQWU0872", CODE),
        ("91330106MABQUW0B72", CODE),
        ("9133010MABQWU0B72", CODE),
        ("913301066MABQWU0B72", CODE),
        ("91330I06MABQWU0B72", CODE),
        ("6903379452721", GTIN),
        ("6903379452712"[:-1] + "9", GTIN),
        ("690337945271", GTIN),
    ],
)
def test_what_was_meant_is_among_the_neighbours(text, meant):
    found = [each for reading in readings(text) for each in neighbours(reading)]
    assert meant in found
    assert len(found) <= 2 * MOST


def test_what_is_right_or_has_no_checks_has_no_neighbours():
    assert [neighbours(reading) for text in (CODE, "6903379452712", "桂花") for reading in readings(text)] == [()] * 9


@given(st.text(max_size=40))
def test_any_text_can_be_read(text):
    for reading in readings(text):
        assert reading.value in forms(text)
        assert (reading.valid is False) == (reading.fault is not None)
        neighbours(reading)
    assert all(len(prefix) >= 6 for prefix in prefixes(text))
