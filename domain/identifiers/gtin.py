"""Global trade item number (GS1 General Specifications, section 1.4.1 and check digit in 7.9.1).

Kept as 14 characters of text: a number type loses the leading zeros.
"""

from __future__ import annotations

import re
from typing import Literal

import numpy as np
import polars as pl

from suyuan.domain.identifiers.uscc_levels import normalise

GtinFault = Literal["digits", "length", "check"]

LENGTHS = (8, 12, 13, 14)
_WEIGHTS = np.array([3, 1] * 7, np.uint8)
"""From the left of 14 digits; all 14, the check digit included, add up to a multiple of 10."""

_CONTROL = r"[\x00-\x1f\x7f-\u009f]"


def normalise_gtin(text: str | None) -> tuple[str | None, GtinFault | None]:
    """(14 digits, None), (None, what is wrong), or (None, None) when nothing but blanks was given.

    Only the digits 0-9 count, not those of other scripts.
    """
    number = normalise(text)
    if number is None:
        return None, None
    if not re.fullmatch("[0-9]+", number):
        return None, "digits"
    if len(number) not in LENGTHS:
        return None, "length"
    padded = number.zfill(14)
    total = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(padded))
    return (padded, None) if total % 10 == 0 else (None, "check")


def gtin_columns(numbers: pl.Series) -> tuple[pl.Series, pl.Series]:
    """(text, valid) of a text column: 14 digits where valid, else the trimmed text; both null where blank."""
    if numbers.str.contains(_CONTROL).any():
        numbers = numbers.str.replace_all(_CONTROL, "")
    numbers = numbers.str.strip_chars()
    numbers = numbers.set(numbers == "", None)
    sizes = numbers.str.len_bytes()
    sized = (sizes.is_in(LENGTHS) & (sizes == numbers.str.len_chars())).fill_null(value=False)
    rows = sized.to_numpy()
    padded = numbers.filter(sized).str.pad_start(14, "0")
    text = padded.str.join("").item() if len(padded) else ""
    digits = np.frombuffer(text.encode(), np.uint8).reshape(-1, 14) - np.uint8(ord("0"))
    conforming = (digits.max(axis=1, initial=0) < 10) & ((digits * _WEIGHTS).sum(axis=1) % 10 == 0)
    valid = np.zeros(len(numbers), np.bool_)
    valid[rows] = conforming
    full = numbers.scatter(np.flatnonzero(valid), padded.filter(pl.Series(conforming)))
    return full, pl.Series(numbers.name, valid).set(numbers.is_null(), None)
