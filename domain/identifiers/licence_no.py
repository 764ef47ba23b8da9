"""Number of a production licence. For food: SC and 14 digits, the last by ISO/IEC 7064 MOD 11,10."""

from __future__ import annotations

import re
from typing import Literal

from suyuan.domain.identifiers.normal_form import code_form

LicenceNoFault = Literal["format", "check"]

_FOOD = re.compile("SC([0-9]{13})([0-9])")


def normalise_licence_no(text: str | None) -> str | None:
    """Normal form: without blanks and dashes, in capitals; None when nothing is left, or a word for nothing."""
    return code_form(text)


def licence_check_digit(first13: str) -> str:
    """ISO/IEC 7064 MOD 11,10 check digit. Raises ValueError unless 13 digits are given."""
    if not re.fullmatch("[0-9]{13}", first13):
        raise ValueError(f"13 digits expected, not {first13!r}")
    product = 10
    for digit in first13:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)


def check_licence_no(text: str | None) -> LicenceNoFault | None:
    """What is wrong with a food licence number (one that begins with SC).

    Numbers of other schemes are free text: nothing is wrong with them.
    """
    number = code_form(text)
    if number is None or not number.startswith("SC"):
        return None
    match = _FOOD.fullmatch(number)
    if match is None:
        return "format"
    return None if licence_check_digit(match[1]) == match[2] else "check"
