"""Which gaps a chain has, and the verdict that follows."""

from __future__ import annotations

from itertools import groupby
from typing import Literal, get_args

import polars as pl

from suyuan.domain.chain.gaps import BROKEN, CONTRADICTED, GAPS, UNVERIFIED

Verdict = Literal["complete", "partial", "broken", "contradicted", "removed"]
VERDICTS: tuple[str, ...] = get_args(Verdict)
"""of a chain, the best first; removed: of a listing that is not active, in which no gap counts"""

col = pl.col


def _held() -> list[pl.Expr]:
    active = col("status") == "active"
    return [(active & gap.needs & gap.when).fill_null(value=False).alias(gap.gap) for gap in GAPS]


def _first_of_group() -> list[pl.Expr]:
    found = []
    for _, members in groupby(GAPS, key=lambda gap: gap.group):
        before: list[str] = []
        for gap in members:
            counts = gap.also or not before
            found.append(col(gap.gap) if counts else col(gap.gap) & ~pl.any_horizontal(before))
            before.append(gap.gap)
    return found


_HELD, _FIRST_OF_GROUP = _held(), _first_of_group()
"""the conditions of every gap, then what is left once the first of a group counts"""


def found_gaps(joined: pl.DataFrame) -> pl.DataFrame:
    """One Boolean column per gap, rows as in `joined` (columns of `joined.py`); False throughout where the listing is
    not active.
    """
    return joined.lazy().select(_HELD).select(_FIRST_OF_GROUP).collect()


def _any_of(class_: str) -> pl.Expr:
    return pl.any_horizontal(gap.gap for gap in GAPS if gap.class_ == class_)


VERDICT = (
    pl.when(_any_of(CONTRADICTED))
    .then(pl.lit("contradicted"))
    .when(_any_of(BROKEN))
    .then(pl.lit("broken"))
    .when(_any_of(UNVERIFIED))
    .then(pl.lit("partial"))
    .otherwise(pl.lit("complete"))
)
"""of an active listing, over the columns of `found_gaps`"""
