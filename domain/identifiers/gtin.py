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

_RESTRICTED = r"^(?:000000[02]|[0-9](?:02|04|05|2[0-9]|98|99))"
"""Six leading zeros mean 8 digits, which have prefixes of their own; else the GS1 prefix follows the
indicator digit.
"""

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
    """(text, valid) of a text column: 14 digits where valid, else the trimmed text; both null where blank."""
    bare = pl.col("text").str.replace_all(_CONTROL, "").str.strip_chars()
    size = pl.col("text").str.len_bytes()
    sized = size.is_in(LENGTHS) & (size == pl.col("text").str.len_chars())
    texts = (
        numbers.to_frame("text")
        .lazy()
        .select(pl.when(bare != "").then(bare))
        .with_columns(padded=pl.when(sized).then(pl.col("text").str.pad_start(14, "0")))
        .collect()
    )
    padded = texts["padded"].to_list()
    rows = np.fromiter((text is not None for text in padded), np.bool_, len(padded))
    cells = np.frombuffer("".join(filter(None, padded)).encode(), np.uint8).reshape(-1, 14) - np.uint8(ord("0"))
    valid = np.zeros(len(padded), np.bool_)
    valid[rows] = (cells.max(axis=1, initial=0) < 10) & ((cells * _WEIGHTS).sum(axis=1) % 10 == 0)
    full, conforming = (
        texts.with_columns(valid=pl.Series(valid))
        .select(pl.when("valid").then("padded").otherwise("text"), pl.when(pl.col("text").is_not_null()).then("valid"))
        .get_columns()
    )
    return full.alias(numbers.name), conforming.alias(numbers.name)
