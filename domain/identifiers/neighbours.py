"""Valid identifiers that an invalid one may have been meant to be: one character wrong, missing, too many, or two that
stand side by side exchanged.

Check characters leave so few of them that all can be looked up: of a credit code with one wrong character some ten.
"""

from __future__ import annotations

import string
from collections.abc import Iterator

from suyuan.domain.identifiers.gtin import LENGTHS, normalise_gtin
from suyuan.domain.identifiers.licence_no import check_licence_no
from suyuan.domain.identifiers.readings import Reading
from suyuan.domain.identifiers.uscc_levels import (
    ALPHABET,
    LENGTH,
    check_character,
    is_well_formed,
    organisation_check_character,
)

_LICENCE_LENGTH = 16
MOST = 64
"""that are worth a look"""


def neighbours(reading: Reading) -> tuple[str, ...]:
    """In normal form, those that differ in a character first; none of a valid text, or of one that has no checks."""
    if reading.valid is not False:
        return ()
    found: list[str] = []
    match reading.read_as:
        case "credit_code":
            found = [code for code in _near(reading.value, ALPHABET, (LENGTH,)) if _is_credit_code(code)]
        case "gtin":
            near = _near(reading.value, string.digits, LENGTHS)
            found = [full for number in near if (full := normalise_gtin(number)[0]) is not None]
        case "licence_no":
            near = _near(reading.value, string.digits, (_LICENCE_LENGTH,))
            found = [number for number in near if number.startswith("SC") and check_licence_no(number) is None]
    return tuple(dict.fromkeys(found))[:MOST]


def _near(text: str, alphabet: str, lengths: tuple[int, ...]) -> Iterator[str]:
    if len(text) in lengths:
        for at in range(len(text)):
            for character in alphabet:
                yield text[:at] + character + text[at + 1 :]
        for at in range(len(text) - 1):
            yield text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if len(text) - 1 in lengths:
        for at in range(len(text)):
            yield text[:at] + text[at + 1 :]
    if len(text) + 1 in lengths:
        for at in range(len(text) + 1):
            for character in alphabet:
                yield text[:at] + character + text[at:]


def _is_credit_code(code: str) -> bool:
    return (
        is_well_formed(code)
        and organisation_check_character(code[8:16]) == code[16]
        and check_character(code[:17]) == code[17]
    )
