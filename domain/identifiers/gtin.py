"""Global trade item number (GS1 General Specifications, section 1.4.1 and check digit in 7.9.1).

Kept as 14 characters of text: a number type loses the leading zeros.
"""

from __future__ import annotations

import re
from typing import Literal

import numpy as np
import polars as pl

from suyuan.domain.identifiers.normal_form import compact_form
from suyuan.domain.identifiers.normal_form_columns import compact_forms

GtinFault = Literal["digits", "length", "check", "zeros"]

LENGTHS = (8, 12, 13, 14)
_WEIGHTS = np.array([3, 1] * 7, np.uint8)
"""From the left of 14 digits; all 14, the check digit included, add up to a multiple of 10."""

_RESTRICTED = r"^(?:000000[02]|[0-9](?:02|04|05|2[0-9]|98|99))"
"""Six leading zeros mean 8 digits, which have prefixes of their own; else the GS1 prefix follows the
indicator digit.
"""


def normalise_gtin(text: str | None) -> tuple[str | None, GtinFault | None]:
    """(14 digits, None), (None, what is wrong), or (None, None) where it is absent.

    Only the digits 0-9 count, and their full-width forms, not those of other scripts.
    """
    number = compact_form(text)
    fault = None if number is None else _fault(number)
    return (None, fault) if fault or number is None else (number.zfill(14), None)


def gtin_form(text: str | None) -> str | None:
    """Normal form: 14 digits where valid, else what is left of the text; None: absent."""
    number = compact_form(text)
    return number if number is None or _fault(number) else number.zfill(14)


def _fault(number: str) -> GtinFault | None:
    if not re.fullmatch("[0-9]+", number):
        return "digits"
    if len(number) not in LENGTHS:
        return "length"
    if not number.strip("0"):
        return "zeros"
    total = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(number.zfill(14)))
    return "check" if total % 10 else None


def is_restricted(gtin: str) -> bool:
    """Whether a valid number, of 14 digits, is for use inside one company or for coupons: it names no product in the
    world.
    """
    return re.match(_RESTRICTED, gtin) is not None


def restricted_expr(gtins: pl.Expr) -> pl.Expr:
    """`is_restricted` of a column of valid numbers in 14 digits; null where null."""
    return gtins.str.contains(_RESTRICTED)


def restricted_sql(column: str) -> str:
    """`is_restricted` in ClickHouse, of a column of valid numbers in 14 digits."""
    return f"match({column}, '{_RESTRICTED}')"


def gtin_columns(numbers: pl.Series) -> tuple[pl.Series, pl.Series]:
    """(`gtin_form` of each, whether it is valid) of a text column; both null where absent."""
    return checked_gtins(compact_forms(numbers))


def checked_gtins(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The same of texts that were brought into `compact_form`."""
    padded = _padded(texts)
    digits = b"".join(filter(None, padded.cast(pl.Binary).to_list()))
    cells = np.frombuffer(digits, np.uint8).reshape(-1, 14) - np.uint8(ord("0"))
    greatest = cells.max(axis=1, initial=0)
    right = (greatest > 0) & (greatest < 10) & ((cells @ _WEIGHTS) % 10 == 0)
    if right.all() and len(right) == len(texts):
        return padded, pl.Series(texts.name, right)
    valid = np.zeros(len(texts), np.bool_)
    valid[padded.is_not_null().to_numpy()] = right
    full, conforming = (
        pl.DataFrame({"text": texts, "padded": padded, "valid": valid})
        .select(pl.when("valid").then("padded").otherwise("text"), pl.when(pl.col("text").is_not_null()).then("valid"))
        .get_columns()
    )
    return full.alias(texts.name), conforming.alias(texts.name)


def _padded(texts: pl.Series) -> pl.Series:
    """Those that have the length of a GTIN, with zeros before them up to 14 bytes; null for the others."""
    size = texts.str.len_bytes()
    if size.min() == 14 == size.max():
        return texts
    text = pl.col(texts.name)
    sized = text.str.len_bytes().is_in(LENGTHS) & (text.str.len_bytes() == text.str.len_chars())
    return texts.to_frame().select(pl.when(sized).then(text.str.pad_start(14, "0"))).to_series()
