"""What a text may be that somebody pastes to look something up, and what is wrong with it as that.

A text may be several things at once: 13 digits a GTIN, a platform's number of a listing, or a lot. What is certainly
wrong is told as well, level by level: it may have been mistyped, and it may be exactly what is looked for.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from typing import Literal

from suyuan.domain.identifiers.gtin import LENGTHS, GtinFault, gtin_form, is_restricted, normalise_gtin
from suyuan.domain.identifiers.licence_no import check_licence_no
from suyuan.domain.identifiers.normal_form import code_form, number_form, text_form
from suyuan.domain.identifiers.uscc_levels import LENGTH, check_uscc

ReadAs = Literal["credit_code", "gtin", "licence_no", "number", "lot", "name"]
"""number: of a listing, report, recall, delivery note, decision, complaint or certificate, whose issuers give it any
form"""

LONGEST = 400
"""characters of a text that is looked up"""
SHORTEST_NAME = 2
SHORTEST_PREFIX = 6

_CAPITALS = {ord(letter): letter.upper() for letter in string.ascii_lowercase}
_CODE_LIKE = re.compile(r"(?=.*[0-9])[0-9A-Z]{16,20}")
_OLD_NUMBER = re.compile("[0-9]{15}")
_DIGITS = re.compile("[0-9]{8,14}")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Level:
    """What was looked at. `holds`: None where an earlier level left nothing to look at."""

    name: str
    holds: bool | None


@dataclass(frozen=True, slots=True)
class Reading:
    """The text as one thing. `value`: in normal form; `valid`: None where nothing can be wrong with such a thing;
    `fault`: the first level that fails; `reason`: why, in one sentence, also where it is valid and odd; `levels`: all,
    in the order in which they are looked at.
    """

    read_as: ReadAs
    value: str
    valid: bool | None = None
    fault: str | None = None
    reason: str = ""
    levels: tuple[Level, ...] = ()


def readings(text: str) -> tuple[Reading, ...]:
    """What it may be, the most telling first; nothing for a text of which nothing is left in normal form."""
    found = [_credit_code(text), _gtin(text), _licence_no(text)]
    plain, number = text_form(text), number_form(text)
    certain = any(reading is not None and reading.valid for reading in found)
    return tuple(
        reading
        for reading in (
            *found,
            Reading("number", number) if number else None,
            Reading("lot", plain) if plain else None,
            Reading("name", plain) if plain and not certain and _may_be_a_name(plain) else None,
        )
        if reading is not None
    )


def forms(text: str) -> tuple[str, ...]:
    """Every normal form of it: under which of them it is kept depends on what it is. In capitals too, as lots are."""
    plain = text_form(text)
    capitals = plain if plain is None else plain.translate(_CAPITALS)
    all_forms = (code_form(text), gtin_form(text), plain, number_form(text), capitals)
    return tuple(dict.fromkeys(form for form in all_forms if form))


def prefixes(text: str) -> tuple[str, ...]:
    """With what an identifier may begin of which the text is a beginning; of a GTIN in fewer than 14 digits too."""
    begun = [form for form in forms(text) if len(form) >= SHORTEST_PREFIX]
    number = code_form(text) or ""
    if SHORTEST_PREFIX <= len(number) < max(LENGTHS) and number.isascii() and number.isdecimal():
        begun.append(f"0{number}"[: max(LENGTHS)])
    return tuple(dict.fromkeys(begun))


def _credit_code(text: str) -> Reading | None:
    code = code_form(text) or ""
    if not (_CODE_LIKE.fullmatch(code) or _OLD_NUMBER.fullmatch(code)) or (
        code.isdecimal() and len(code) not in {15, LENGTH}
    ):
        return None
    report = check_uscc(code)
    levels = tuple(Level(name, getattr(report, name)) for name in ("format", "division", "organisation_check", "check"))
    return Reading("credit_code", code, report.valid, report.fault, report.reason, levels)


_GTIN_LEVELS = ("length", "zeros", "check")


def _gtin(text: str) -> Reading | None:
    number = code_form(text) or ""
    if not _DIGITS.fullmatch(number):
        return None
    gtin, fault = normalise_gtin(number)
    levels = _levels(_GTIN_LEVELS, fault)
    if gtin is not None:
        odd = "for use inside one company or for coupons: it names no product in the world"
        return Reading("gtin", gtin, True, None, odd if is_restricted(gtin) else "", levels)  # noqa: FBT003
    return Reading("gtin", number, False, fault, _gtin_reason(number, fault), levels)  # noqa: FBT003


def _gtin_reason(number: str, fault: GtinFault | None) -> str:
    if fault == "length":
        return f"{len(number)} digits, {', '.join(map(str, LENGTHS[:-1]))} or {LENGTHS[-1]} expected"
    if fault == "zeros":
        return "all zeros: it names no product"
    return f"the last digit is {number[-1]}, {_gtin_check_digit(number)} expected"


def _licence_no(text: str) -> Reading | None:
    number = code_form(text) or ""
    if not re.fullmatch("SC[0-9]{6,}", number):
        return None
    fault = check_licence_no(number)
    reason = {
        "format": f"{len(number) - 2} digits behind SC, 14 expected",
        "check": "its last digit does not fit the others",
    }
    return Reading(
        "licence_no", number, fault is None, fault, reason[fault] if fault else "", _levels(("format", "check"), fault)
    )


def _levels(names: tuple[str, ...], fault: str | None) -> tuple[Level, ...]:
    if fault is None:
        return tuple(Level(name, holds=True) for name in names)
    at = names.index(fault)
    return tuple(
        Level(name, True if number < at else False if number == at else None) for number, name in enumerate(names)
    )


def _gtin_check_digit(number: str) -> str:
    return next(digit for digit in "0123456789" if normalise_gtin(number[:-1] + digit)[1] is None)


def _may_be_a_name(plain: str) -> bool:
    return len(plain) >= SHORTEST_NAME and _LETTER.search(plain) is not None
