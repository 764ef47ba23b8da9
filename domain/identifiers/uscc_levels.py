"""Unified social credit code (GB 32100-2015), one at a time: the result of each of its levels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from suyuan.domain.divisions import was_ever_division
from suyuan.domain.identifiers.normal_form import code_form

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100-2015, 4.1: digits and capitals without I, O, S, V, Z; the place of a character is its value."""

LENGTH = 18
CHECK_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
"""GB 32100-2015, 4.6: 3^i mod 31 for characters 1 to 17."""

ORGANISATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""GB 11714-1997 gives a letter its place in the whole alphabet: the gaps of `ALPHABET` count there."""

ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
ORGANISATION_CHECKS = "0123456789X"

Level = Literal["format", "organisation_check", "check"]
LEVELS: tuple[Level, ...] = ("format", "organisation_check", "check")
"""The levels that decide whether a code is valid, in the order in which they are looked at."""

Standing = Literal["valid", "issued_nonconforming", "invalid"]

_FORMAT = re.compile(rf"[{ALPHABET}]{{2}}[0-9]{{6}}[{ALPHABET}]{{10}}")


@dataclass(frozen=True, slots=True)
class UsccReport:
    """The result of each level for a code. A level is None when an earlier one leaves nothing to look at.

    A division that never was one is reported, but leaves the code valid: lists of divisions lag behind.
    """

    code: str | None
    """normal form, None when nothing was given, or a word for nothing"""
    format: bool
    division: bool | None
    organisation_check: bool | None
    check: bool | None
    reason: str
    """one sentence, empty when the code conforms at all four levels"""

    @property
    def fault(self) -> Level | None:
        """The first failing level of `LEVELS`, None when the code is valid."""
        return next((level for level in LEVELS if getattr(self, level) is False), None)

    @property
    def valid(self) -> bool:
        """Whether format and both check characters hold."""
        return self.fault is None


def organisation_check_character(first8: str) -> str:
    """GB 11714-1997 check character for the first 8 characters of an organisation code.

    Raises ValueError for another length or other characters than digits and capitals.
    """
    if len(first8) != len(ORGANISATION_WEIGHTS):
        raise ValueError(f"8 characters expected, not {len(first8)}")
    values = map(ORGANISATION_ALPHABET.index, first8)
    total = sum(value * weight for value, weight in zip(values, ORGANISATION_WEIGHTS, strict=True))
    return ORGANISATION_CHECKS[-total % 11]


def check_character(first17: str) -> str:
    """GB 32100-2015 check character for the first 17 characters of a credit code.

    Raises ValueError for another length or characters outside `ALPHABET`.
    """
    if len(first17) != len(CHECK_WEIGHTS):
        raise ValueError(f"17 characters expected, not {len(first17)}")
    values = map(ALPHABET.index, first17)
    return ALPHABET[-sum(value * weight for value, weight in zip(values, CHECK_WEIGHTS, strict=True)) % 31]


def check_uscc(text: str | None) -> UsccReport:
    """The report on a code, level by level, after bringing it into normal form."""
    code = code_form(text)
    if code is None or not is_well_formed(code):
        return UsccReport(code, False, None, None, None, _format_reason(code))  # noqa: FBT003
    organisation = organisation_check_character(code[8:16])
    check = check_character(code[:17])
    division = was_ever_division(code[2:8])
    reasons = []
    if not division:
        reasons.append(f"characters 3-8, {code[2:8]}, were never an administrative division")
    if organisation != code[16]:
        reasons.append(f"character 17 of the organisation code is {code[16]}, {organisation} expected")
    if check != code[17]:
        reasons.append(f"check character 18 is {code[17]}, {check} expected")
    return UsccReport(
        code,
        format=True,
        division=division,
        organisation_check=organisation == code[16],
        check=check == code[17],
        reason="; ".join(reasons),
    )


def is_well_formed(code: str) -> bool:
    """Whether the first level, `format`, holds for a code in normal form; much faster than `check_uscc`."""
    return _FORMAT.fullmatch(code) is not None


def classify(text: str | None, *, registered: bool) -> Standing:
    """How to treat a code: some were issued with wrong check characters, which their entity record shows."""
    fault = check_uscc(text).fault
    if fault is None:
        return "valid"
    return "issued_nonconforming" if registered and fault != "format" else "invalid"


def _format_reason(code: str | None) -> str:
    if code is None:
        return "no code given"
    if re.fullmatch("[0-9]{15}|[0-9]{13}", code):
        return f"older registration number of {len(code)} digits, not a credit code"
    if len(code) != LENGTH:
        return f"{len(code)} characters, {LENGTH} expected"
    stray = next((at for at, character in enumerate(code, 1) if character not in ALPHABET), None)
    if stray is not None:
        return f"character {stray}, {code[stray - 1]!r}, is not allowed in a credit code"
    return f"characters 3-8, {code[2:8]}, are not six digits"
