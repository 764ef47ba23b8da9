from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from polars.testing import assert_series_equal

from suyuan.domain.identifiers.normal_form import code_form
from suyuan.domain.identifiers.normal_form_columns import code_forms
from suyuan.domain.identifiers.uscc import (
    ALPHABET,
    check_character,
    check_uscc,
    classify,
    organisation_check_character,
)
from suyuan.domain.identifiers.uscc_columns import uscc_faults

DATA = Path(__file__).parents[1] / "data"
REAL = (DATA / "uscc" / "real_codes.txt").read_text().split()
GOOD = "91110000600037341L"


def issue(first8: str, organisation8: str) -> str:
    """A conforming code."""
    first17 = first8 + organisation8 + organisation_check_character(organisation8)
    return first17 + check_character(first17)


codes_with_slips = st.builds(
    lambda code, at, slip: code[:at] + slip + code[at + 1 :],
    st.sampled_from(REAL),
    st.integers(0, 18),
    st.text(st.sampled_from(ALPHABET + "IOSVZ aé中\x1f"), max_size=2),
)
texts = st.one_of(st.none(), st.text(max_size=20), st.text(ALPHABET, min_size=18, max_size=18), codes_with_slips)
texts_as_typed = texts.flatmap(
    lambda text: st.sampled_from([text, text and text.lower(), text and f" \u3000{text}\t", text and f"\x1f{text}"])
)


def test_every_real_code_conforms_at_all_four_levels():
    assert len(REAL) == 201
    for code in REAL:
        report = check_uscc(code)
        levels = (report.format, report.division, report.organisation_check, report.check)
        assert levels == (True, True, True, True), code
        assert (report.valid, report.fault, report.reason) == (True, None, "")
    assert uscc_faults(pl.Series(REAL)).null_count() == 201


@pytest.mark.parametrize("authority", ["A1", "N2", "Y1"])
def test_authorities_are_letters_too(authority):
    assert check_uscc(issue(authority + "110000", "MA00HA1U")).valid


def test_any_wrong_character_of_a_real_code_is_noticed():
    for at in range(18):
        for character in ALPHABET:
            slip = GOOD[:at] + character + GOOD[at + 1 :]
            assert check_uscc(slip).valid == (slip == GOOD), slip


@pytest.mark.parametrize(
    ("text", "fault", "reason"),
    [
        ("110000600037341", "format", "older registration number of 15 digits"),
        ("1100006000373", "format", "older registration number of 13 digits"),
        ("", "format", "no code given"),
        (" \x1f ", "format", "no code given"),
        (GOOD[:-1], "format", "17 characters, 18 expected"),
        (GOOD[:9] + "O" + GOOD[10:], "format", "character 10, 'O'"),
        ("911100A0600037341L", "format", "characters 3-8"),
        (GOOD[:16] + "2" + GOOD[17], "organisation_check", "character 17"),
        (GOOD[:17] + "M", "check", "check character 18 is M, L expected"),
    ],
)
def test_the_first_failing_level_is_named_and_explained(text, fault, reason):
    report = check_uscc(text)
    assert not report.valid
    assert report.fault == fault
    assert reason in report.reason


def test_levels_after_a_bad_format_are_not_judged():
    report = check_uscc("12345")
    assert (report.format, report.division, report.organisation_check, report.check) == (
        False,
        None,
        None,
        None,
    )


def test_an_unknown_division_is_reported_but_leaves_the_code_valid():
    report = check_uscc(issue("91990101", "60003734"))
    assert report.valid
    assert report.division is False
    assert "990101" in report.reason


def test_codes_are_judged_in_normal_form():
    assert check_uscc(f" {GOOD.lower()} ").valid
    assert check_uscc(f"\ufeff{GOOD[:6]}-{GOOD[6:]}").valid
    assert check_uscc("/").code is None


def test_a_registered_code_may_fail_its_check_characters_but_not_its_format():
    wrong_check, wrong_format = GOOD[:17] + "M", GOOD[:17]
    assert classify(GOOD, registered=False) == "valid"
    assert classify(wrong_check, registered=True) == "issued_nonconforming"
    assert classify(wrong_check, registered=False) == "invalid"
    assert classify(wrong_format, registered=True) == "invalid"


@given(st.lists(texts_as_typed, max_size=12))
@example([])
@example([None])
@example(["ſ" * 9, "中" * 6, GOOD.lower()])
def test_columns_say_what_the_single_form_says(typed):
    column = pl.Series("code", typed, dtype=pl.String)
    normal = [code_form(text) for text in typed]
    expected = [None if code is None else check_uscc(code).fault for code in normal]
    assert_series_equal(uscc_faults(code_forms(column)), pl.Series("code", expected, dtype=pl.String))


def test_a_column_is_not_normalised_behind_the_callers_back():
    assert uscc_faults(pl.Series([GOOD.lower(), GOOD])).to_list() == ["format", None]
