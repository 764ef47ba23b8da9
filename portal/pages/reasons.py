"""Why an identifier is none, or is odd, in words of either language: `(name, values)` for `reason.<name>`."""

from __future__ import annotations

import re
from typing import Any

from suyuan.domain.identifiers.gtin import is_restricted, normalise_gtin
from suyuan.domain.identifiers.licence_no import licence_check_digit
from suyuan.domain.identifiers.readings import Reading
from suyuan.domain.identifiers.uscc_levels import (
    ALPHABET,
    LENGTH,
    check_character,
    organisation_check_character,
)

Reason = tuple[str, dict[str, Any]]


def reasons(reading: Reading) -> list[Reason]:
    """All that is to be said of it; nothing of what is as it should be."""
    failing = {level.name for level in reading.levels if level.holds is False}
    match reading.read_as:
        case "credit_code" if "format" in failing:
            return [_credit_code_format(reading.value)]
        case "credit_code":
            return _credit_code(reading.value, failing)
        case "gtin":
            return _gtin(reading)
        case "licence_no" if "format" in failing:
            return [("licence_length", {"n": len(reading.value) - 2})]
        case "licence_no" if "check" in failing:
            return [("last_digit", {"got": reading.value[-1], "expected": licence_check_digit(reading.value[2:15])})]
    return []


def _credit_code_format(code: str) -> Reason:
    if re.fullmatch("[0-9]{15}", code):
        return "old_number", {"n": len(code)}
    if len(code) != LENGTH:
        return "length", {"n": len(code), "expected": LENGTH}
    stray = next((at for at, character in enumerate(code, 1) if character not in ALPHABET), None)
    if stray is not None:
        return "stray", {"at": stray, "got": code[stray - 1]}
    return "division_digits", {"got": code[2:8]}


def _credit_code(code: str, failing: set[str]) -> list[Reason]:
    found: list[Reason] = []
    if "division" in failing:
        found.append(("division", {"got": code[2:8]}))
    if "organisation_check" in failing:
        found.append(("character", {"at": 17, "got": code[16], "expected": organisation_check_character(code[8:16])}))
    if "check" in failing:
        found.append(("character", {"at": 18, "got": code[17], "expected": check_character(code[:17])}))
    return found


def _gtin(reading: Reading) -> list[Reason]:
    number = reading.value
    match reading.fault:
        case "length":
            return [("gtin_length", {"n": len(number)})]
        case "zeros":
            return [("zeros", {})]
        case "check":
            right = next(digit for digit in "0123456789" if normalise_gtin(number[:-1] + digit)[1] is None)
            return [("last_digit", {"got": number[-1], "expected": right})]
    return [("restricted", {})] if is_restricted(number) else []
