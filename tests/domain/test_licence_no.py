from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_11_10

from suyuan.domain.identifiers.licence_no import check_licence_no, licence_check_digit, normalise_licence_no

thirteen_digits = st.text("0123456789", min_size=13, max_size=13)


@given(thirteen_digits)
def test_a_food_licence_carries_the_check_digit_of_iso_7064(first13):
    number = f"SC{first13}{licence_check_digit(first13)}"
    assert mod_11_10.is_valid(number[2:])
    assert check_licence_no(f" {number.lower()} ") is None


@given(thirteen_digits, st.integers(0, 13), st.integers(1, 9))
def test_any_one_wrong_digit_is_noticed(first13, at, shift):
    digits = list(first13 + licence_check_digit(first13))
    digits[at] = str((int(digits[at]) + shift) % 10)
    assert check_licence_no("SC" + "".join(digits)) == "check"


@pytest.mark.parametrize("text", ["SC1234", "SC1234567890123A", "SC123456789012345", "SC٠٠٠٠٠٠٠٠٠٠٠٠٠٠"])
def test_other_than_fourteen_digits_is_a_fault_of_format(text):
    assert check_licence_no(text) == "format"


@pytest.mark.parametrize("text", ["国妆备进字J20150001", "XK16-204-00001", None, " "])
def test_other_schemes_are_free_text(text):
    assert check_licence_no(text) is None


def test_numbers_are_compared_in_capitals_without_blanks():
    assert normalise_licence_no(" sc12\x1f3 ") == "SC123"
    assert normalise_licence_no("ｓｃ 100-3307\u200b") == "SC1003307"
    assert normalise_licence_no("XK16-204-00001") == "XK1620400001"
    assert normalise_licence_no(" ") is None


@pytest.mark.parametrize("first13", ["123", "123456789012x"])
def test_no_check_digit_for_something_else(first13):
    with pytest.raises(ValueError, match="13 digits"):
        licence_check_digit(first13)
