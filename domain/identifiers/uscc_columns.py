"""Credit codes by column: the same answers as `uscc_levels`, for blocks of thousands of rows."""

from __future__ import annotations

import string
from typing import TypeVar

import numpy as np
import polars as pl

from suyuan.domain.identifiers.uscc_levels import (
    ALPHABET,
    CHECK_WEIGHTS,
    LENGTH,
    ORGANISATION_ALPHABET,
    ORGANISATION_CHECKS,
    ORGANISATION_WEIGHTS,
)

Column = TypeVar("Column", pl.Series, pl.Expr)

_CONTROL = r"[\x00-\x1f\x7f-\u009f]"
_STRAY = 255


def _by_byte(alphabet: str) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """Value of each byte in the alphabet, `_STRAY` outside it."""
    values = np.full(256, _STRAY, np.uint8)
    values[np.frombuffer(alphabet.encode(), np.uint8)] = np.arange(len(alphabet), dtype=np.uint8)
    return values


_VALUE = _by_byte(ALPHABET)
_ORGANISATION_VALUE = _by_byte(ORGANISATION_ALPHABET)
_CHECK_BYTES = np.frombuffer(ORGANISATION_CHECKS.encode(), np.uint8)
_WEIGHTS = np.array(CHECK_WEIGHTS, np.int32)
_ORGANISATION_WEIGHTS = np.array(ORGANISATION_WEIGHTS, np.int32)


def normalise_codes(codes: Column) -> Column:
    """`normalise` for a text column; blank text becomes null."""
    if isinstance(codes, pl.Expr):
        return codes.map_batches(normalise_codes, return_dtype=pl.String, is_elementwise=True)
    if codes.str.contains(_CONTROL).any():
        codes = codes.str.replace_all(_CONTROL, "")
    codes = codes.str.strip_chars()
    if (codes.str.len_bytes() == codes.str.len_chars()).all():
        codes = codes.str.to_uppercase()
    else:
        codes = codes.str.replace_many(list(string.ascii_lowercase), list(string.ascii_uppercase))
    blank = codes == ""
    return codes.set(blank, None) if blank.any() else codes


def uscc_faults(codes: pl.Series) -> pl.Series:
    """First failing level of each code: format, organisation_check, check; null for valid codes and nulls.

    Codes must be in normal form (`normalise_codes`): a lower-case one fails at format.
    """
    sized = (codes.str.len_bytes() == LENGTH).fill_null(value=False)
    rows = sized.to_numpy()
    text = codes.filter(sized).str.join("").item() if rows.any() else ""
    cells = np.frombuffer(text.encode(), np.uint8).reshape(-1, LENGTH)
    values = _VALUE[cells]
    digits = values[:, 2:8]
    well_formed = (values.max(axis=1, initial=0) < _STRAY) & (digits.max(axis=1, initial=0) < 10)
    organisation = _CHECK_BYTES[-(_ORGANISATION_VALUE[cells[:, 8:16]] @ _ORGANISATION_WEIGHTS) % 11]
    check = -(values[:, :17] @ _WEIGHTS) % 31
    level = np.ones(len(codes), np.uint8)
    level[rows] = np.select([~well_formed, organisation != cells[:, 16], check != values[:, 17]], [1, 2, 3], default=0)
    faults = pl.Series([None, "format", "organisation_check", "check"], dtype=pl.String)
    return faults.gather(level).set(codes.is_null(), None).alias(codes.name)
