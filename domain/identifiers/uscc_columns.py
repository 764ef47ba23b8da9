"""Credit codes by column: the same results as `uscc_levels`, for blocks of thousands of rows."""

from __future__ import annotations

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

_STRAY = 255


def _by_byte(alphabet: str) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """Value of each byte in the alphabet, `_STRAY` outside it."""
    values = np.full(256, _STRAY, np.uint8)
    values[np.frombuffer(alphabet.encode(), np.uint8)] = np.arange(len(alphabet), dtype=np.uint8)
    return values


_VALUE = _by_byte(ALPHABET)
_ORGANISATION_VALUE = _by_byte(ORGANISATION_ALPHABET)
_CHECK_BYTES = np.frombuffer(ORGANISATION_CHECKS.encode(), np.uint8)
_FAULTS = pl.Series([None, "format", "organisation_check", "check"], dtype=pl.String)
_WEIGHTS = np.array(CHECK_WEIGHTS, np.int32)
_ORGANISATION_WEIGHTS = np.array(ORGANISATION_WEIGHTS, np.int32)


def uscc_faults(codes: pl.Series) -> pl.Series:
    """First failing level of each code: format, organisation_check, check; null for valid codes and nulls.

    Codes must be in normal form (`code_forms`): a lower-case one fails at format.
    """
    sized, absent = (
        codes.to_frame("code")
        .select(
            (pl.col("code").str.len_bytes() == LENGTH).fill_null(value=False), pl.col("code").is_null().alias("absent")
        )
        .get_columns()
    )
    rows = sized.to_numpy()
    text = "".join(codes.filter(sized).to_list())
    cells = np.frombuffer(text.encode(), np.uint8).reshape(-1, LENGTH)
    values = _VALUE[cells]
    digits = values[:, 2:8]
    well_formed = (values.max(axis=1, initial=0) < _STRAY) & (digits.max(axis=1, initial=0) < 10)
    organisation = _CHECK_BYTES[-(_ORGANISATION_VALUE[cells[:, 8:16]] @ _ORGANISATION_WEIGHTS) % 11]
    check = -(values[:, :17] @ _WEIGHTS) % 31
    level = np.ones(len(codes), np.uint8)
    level[rows] = np.select([~well_formed, organisation != cells[:, 16], check != values[:, 17]], [1, 2, 3], default=0)
    level[absent.to_numpy()] = 0
    return _FAULTS[level].alias(codes.name)
