"""Numbers that lead to a person: identity numbers, bank cards, telephones. Digits alone, 0-9; see `scrub` for texts."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from suyuan.domain.identifiers.gtin import normalise_gtin
from suyuan.domain.identifiers.uscc import check_uscc

_IDENTITY = re.compile(r"[1-9][0-9]{16}[0-9X]")
_FORMER_IDENTITY = re.compile(r"[1-8][0-9]{14}")
_WEIGHTS = tuple(pow(2, 17 - at, 11) for at in range(17))
_CHECKS = "10X98765432"
_CENTURIES = ("18", "19", "20")
_BUSINESS = re.compile(r"9[123][0-9]{16}")
_CARD = re.compile(r"[2-9][0-9]{15,18}")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"0(?:10|2[0-9])[2-8][0-9]{7}|0[3-9][0-9]{2}[2-8][0-9]{6,7}")
_NO_COUNTRYS_GTIN = "861"
"""and how mobiles begin with the country's 86 before them"""
_LOCAL = re.compile(r"[2-8][0-9]{6,7}")
_ABROAD = re.compile(r"[1-9][0-9]{7,14}")


def identity_check(first17: str) -> str:
    """The last character, 0-9 or X, of an identity number: ISO 7064 MOD 11-2, as GB 11643 has it."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True)) % 11]


def is_identity_number(number: str) -> bool:
    """Whether it is an identity number: 18 characters, a day of birth and the check digit (X is a capital), or one of
    the former 15 digits with a day of birth. What conforms as a business's credit code is that.
    """
    if _FORMER_IDENTITY.fullmatch(number):
        return _is_day("19" + number[6:12])
    return (
        _IDENTITY.fullmatch(number) is not None
        and number[6:8] in _CENTURIES
        and _is_day(number[6:14])
        and identity_check(number[:17]) == number[17]
        and not (number[0] == "9" and check_uscc(number).valid)
    )


def is_bank_number(groups: Sequence[str]) -> bool:
    """Whether it is the number of a bank card, as it was grouped: 16 to 19 digits with Luhn's check digit, and no
    credit code.
    """
    number = "".join(groups)
    if _CARD.fullmatch(number) is None or not _is_luhn(number):
        return False
    if (
        len(groups) > 1
        and {len(group) for group in groups[:-1]} != {4}
        and not (len(groups) == 2 and len(groups[0]) == 6)
    ):
        return False
    return not (_BUSINESS.fullmatch(number) or check_uscc(number).valid)


def is_phone(groups: Sequence[str], *, plus: bool = False, called_so: bool = False) -> bool:
    """Whether it is a telephone number, as it was grouped: a mobile or a landline with its area code, with or without
    the country's 86. `plus`: a + stands before it, so it may be any country's; `called_so`: a word for telephones does,
    so a landline may come without an area code, and what is a GTIN as well is a telephone.
    """
    number = "".join(groups)
    if plus:
        return _ABROAD.fullmatch(number) is not None
    if called_so and _LOCAL.fullmatch(number):
        return True
    is_gtin = len(groups) == 1 and not number.startswith(_NO_COUNTRYS_GTIN) and normalise_gtin(number)[1] is None
    if is_gtin and not called_so:
        return False
    for country in ("0086", "86"):
        if number.startswith(country):
            rest = number.removeprefix(country)
            if _is_written_mobile(rest, groups) or _LANDLINE.fullmatch(rest):
                return True
            if groups[0] == country and _LANDLINE.fullmatch("0" + rest):
                return True
    return _is_written_mobile(number.removeprefix("0"), groups) or (
        _LANDLINE.fullmatch(number) is not None and len(groups[0]) in {3, 4, len(number)}
    )


def _is_written_mobile(number: str, groups: Sequence[str]) -> bool:
    """Not any few figures in a row: those of a number stand three or more together, or each alone."""
    if _MOBILE.fullmatch(number) is None:
        return False
    sizes, before = [], sum(map(len, groups)) - len(number)
    for group in groups:
        sizes.append(len(group) - min(before, len(group)))
        before -= len(group) - sizes[-1]
    sizes = [size for size in sizes if size]
    return min(sizes) >= 3 or max(sizes) == 1


def _is_day(digits: str) -> bool:
    try:
        dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True


def _is_luhn(number: str) -> bool:
    doubled = (int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(number)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
