"""Runs of messages as intake takes them: decoded, in normal form, judged by the rules of acceptance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from suyuan.domain.acceptance import refusals
from suyuan.domain.normalisation import normalise
from suyuan.schemas.kinds import EVENT_KINDS
from suyuan.schemas.runs import Failure, decode_run


@dataclass(frozen=True, slots=True)
class AcceptedRun:
    """`rows`: of the accepted events, with the columns of `DecodedRun.rows`, in normal form. `unreadable`: messages
    that are no event of the kind; `refused`: events that the rules do not accept. Both ascending.
    """

    rows: pl.DataFrame
    unreadable: list[Failure]
    refused: list[Failure]

    @property
    def failures(self) -> list[Failure]:
        """Every message that gives no row, ascending."""
        return sorted([*self.unreadable, *self.refused], key=lambda failure: failure.index)


def accepted_run(kind: str, values: Sequence[bytes | None], taken_at: Sequence[int]) -> AcceptedRun:
    """Decode and judge a run of one kind. `taken_at`: when the log took each message, ms since the epoch. Never raises
    for what a message holds.
    """
    decoded, rules = decode_run(kind, values), EVENT_KINDS[kind]
    rows, index = normalise(rules, decoded.rows), decoded.rows["index"].to_numpy()
    found = list(refusals(rules, decoded.rows, rows, np.asarray(taken_at, np.int64)[index]))
    if not found:
        return AcceptedRun(rows, decoded.failures, [])
    refused = [Failure(int(index[row]), refusal.reason, refusal.field) for row, refusal in found]
    left_out = pl.Series([failure.index for failure in refused], dtype=pl.UInt32)
    return AcceptedRun(rows.filter(~pl.col("index").is_in(left_out.implode())), decoded.failures, refused)
