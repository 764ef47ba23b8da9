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


def _sums() -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    """For each place of a code and each byte, what it adds to three sums in one number: bits 0-14 the check sum, 15-26
    that of the organisation code, 27-31 the bytes that may not be there.
    """
    sums = np.full((LENGTH, 256), 1 << 27, np.uint32)
    for place in range(LENGTH):
        digit = 2 <= place < 8
        for byte in ALPHABET[:10] if digit else ALPHABET:
            at = place, ord(byte)
            sums[at] = ALPHABET.index(byte) * CHECK_WEIGHTS[place] if place < LENGTH - 1 else 0
            if 8 <= place < 16:
                sums[at] += ORGANISATION_ALPHABET.index(byte) * ORGANISATION_WEIGHTS[place - 8] << 15
    return sums.reshape(-1)


_SUMS = _sums()
_PLACES = np.arange(LENGTH, dtype=np.uint16) * 256
_CHECK_BYTES = np.frombuffer(ALPHABET.encode(), np.uint8)
_ORGANISATION_CHECK_BYTES = np.frombuffer(ORGANISATION_CHECKS.encode(), np.uint8)
_FAULTS = pl.Series([None, "format", "organisation_check", "check"], dtype=pl.String)


def uscc_faults(codes: pl.Series) -> pl.Series:
    """First failing level of each code: format, organisation_check, check; null for valid codes and nulls.

    Codes must be in normal form (`code_forms`): a lower-case one fails at format.
    """
    sized = codes.str.len_bytes() == LENGTH
    if codes.null_count():
        sized = sized.fill_null(value=False)
    cells = np.frombuffer(b"".join(codes.filter(sized).cast(pl.Binary).to_list()), np.uint8).reshape(-1, LENGTH)
    sums = _SUMS.take(cells + _PLACES).sum(axis=1, dtype=np.uint32)
    organisation = _ORGANISATION_CHECK_BYTES[-(sums >> 15 & 0xFFF).astype(np.int32) % 11] == cells[:, 16]
    check = _CHECK_BYTES[-(sums & 0x7FFF).astype(np.int32) % 31] == cells[:, 17]
    level = np.ones(len(codes), np.uint8)
    level[sized.to_numpy()] = np.where(sums >> 27, 1, np.where(organisation, np.where(check, 0, 3), 2))
    if codes.null_count():
        level[codes.is_null().to_numpy()] = 0
    return _FAULTS[level].alias(codes.name)
