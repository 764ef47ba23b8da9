from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import numdb

from suyuan.domain.divisions import (
    AFTER_ALL_CHANGES,
    NATION,
    at_level,
    division_name,
    division_of_code,
    divisions_of_codes,
    last_name,
    provinces,
    successor,
    successors,
    was_ever_division,
)

TODAY = dt.date(2026, 6, 1)
REAL = (Path(__file__).parents[1] / "data" / "uscc" / "real_codes.txt").read_text().split()
KNOWN = [province + low for _, province, _, _, counties in numdb.get("cn/loc").prefixes for _, low, _, _, _ in counties]


def test_names_hold_over_years():
    assert division_name("110103", dt.date(2010, 12, 31)) == "崇文区"
    assert division_name("110103", dt.date(2011, 1, 1)) is None
    assert division_name("120110", dt.date(1985, 1, 1)) == "东郊区"
    assert division_name("120110", TODAY) == "东丽区"
    assert division_name("110101", dt.date(1980, 1, 1)) == "东城区"
    assert was_ever_division("110103")
    assert was_ever_division("100000")
    assert not was_ever_division("990101")


@pytest.mark.parametrize(
    ("code", "heir", "why"),
    [
        ("440305", "440305", "in force"),
        ("110221", "110114", "昌平县 became 昌平区"),
        ("130622", "130608", "清苑县 became 清苑区"),
        ("371202", "370116", "莱芜市 was taken into 济南市 as 莱芜区"),
        ("341402", "340181", "巢湖市 became a county-level city"),
        ("422100", "421100", "黄冈地区 became 黄冈市"),
        ("510214", "500108", "南岸区 came to Chongqing when it left Sichuan"),
        ("110103", "110000", "崇文区 was merged: no prefecture in Beijing, so the province"),
        ("511200", "500101", "万县市 became 万州区"),
        ("440399", "440300", "never a division: the prefecture"),
        ("449999", "440000", "not even the prefecture: the province"),
        ("990101", None, "no such province"),
        ("中", None, "no code"),
        ("", None, "no code"),
    ],
)
def test_an_old_code_leads_to_the_division_in_force(code, heir, why):
    assert successor(code, TODAY) == heir, why


def test_the_successor_is_that_of_the_day():
    assert successor("110221", dt.date(1990, 1, 1)) == "110221"
    assert successor("110221", dt.date(2005, 1, 1)) == "110114"


@pytest.mark.parametrize(
    ("code", "county", "city", "province"),
    [
        ("330108", "330108", "330100", "330000"),
        ("330101", "330100", "330100", "330000"),
        ("330100", "330100", "330100", "330000"),
        ("110105", "110105", "110000", "110000"),
        ("110100", "110000", "110000", "110000"),
        ("500230", "500230", "500000", "500000"),
        ("469001", "469001", "460000", "460000"),
        ("469000", "460000", "460000", "460000"),
        ("140302", "140302", "140300", "140000"),
        ("710000", "710000", "710000", "710000"),
        (NATION, NATION, NATION, NATION),
    ],
)
def test_the_division_of_a_level(code, county, city, province):
    levels = ("county", "city", "province", "nation")
    assert [at_level(code, level, TODAY) for level in levels] == [county, city, province, NATION]


def test_a_name_is_known_after_a_division_is_gone():
    assert last_name("110221") == "昌平县"
    assert last_name("120110") == "东丽区"
    assert last_name("990101") is None


@pytest.mark.parametrize("code", KNOWN[::40])
def test_after_all_changes_nothing_changes(code):
    assert successor(code, AFTER_ALL_CHANGES) == successor(code, dt.date(2199, 1, 1))


@given(st.sampled_from(KNOWN), st.dates(dt.date(2000, 1, 1), dt.date(2030, 1, 1)))
def test_every_code_that_ever_was_leads_to_one_in_force(code, on):
    heir = successor(code, on)
    assert heir is not None
    assert division_name(heir, on) is not None
    assert successor(heir, on) == heir


def test_credit_codes_lead_to_their_division():
    assert division_of_code("91110103600037341L", TODAY) == "110000"
    assert division_of_code(None, TODAY) is None
    assert all(division_of_code(code, TODAY) for code in REAL)


def test_columns_say_what_the_single_form_says():
    codes = pl.Series("seller_code", [*REAL, None, "", "999999999999999999"])
    expected = [division_of_code(code, TODAY) for code in codes]
    assert divisions_of_codes(codes, TODAY).to_list() == expected
    assert successors(codes.str.slice(2, 6), TODAY).to_list() == expected
    assert successors(pl.Series("none", [], dtype=pl.String), TODAY).to_list() == []


def test_a_code_has_a_successor_where_its_province_is_in_force_and_nowhere_else():
    known = provinces(TODAY)
    assert len(known) == 35
    for code in (*KNOWN, "100000", "999999", "160101", "339999", "33", "", "330106x"):
        assert (successor(code, TODAY) is not None) == (code[:2] in known), code
