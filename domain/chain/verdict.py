"""Which gaps a chain has, and the verdict that follows."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Literal, get_args

import polars as pl

from suyuan.domain.chain.gaps import BROKEN, CONTRADICTED, GAPS, UNVERIFIED, Gap

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


def _verdict_by(gaps: Iterable[Gap]) -> pl.Expr:
    """Of an active listing, by the columns of these gaps."""
    names: dict[str, list[str]] = {CONTRADICTED: [], BROKEN: [], UNVERIFIED: []}
    for gap in gaps:
        names[gap.class_].append(gap.gap)
    return (
        pl.when(pl.any_horizontal(names[CONTRADICTED]))
        .then(pl.lit("contradicted"))
        .when(pl.any_horizontal(names[BROKEN]))
        .then(pl.lit("broken"))
        .when(pl.any_horizontal(names[UNVERIFIED]))
        .then(pl.lit("partial"))
        .otherwise(pl.lit("complete"))
    )


def unless_removed(verdict: pl.Expr) -> pl.Expr:
    """Expression for the verdict of a listing whose verdict that would be if it were active."""
    return pl.when(col("status") == "active").then(verdict).otherwise(pl.lit("removed"))


_HELD, _FIRST_OF_GROUP = _held(), _first_of_group()
"""the conditions of every gap, then what is left once the first of a group counts"""
_VERDICTS = (
    _verdict_by(GAPS).alias("verdict"),
    _verdict_by(gap for gap in GAPS if gap.gap != "oversold").alias("verdict_but_oversold"),
)


def found_gaps(joined: pl.DataFrame) -> pl.DataFrame:
    """One Boolean column per gap, the `verdict` by them, and `verdict_but_oversold`, by all but the one that is not
    alike for all listings of a place; rows as in `joined` (columns of `joined.py`). No gap is found where the listing
    is not active.
    """
    return joined.lazy().select(_HELD).select(_FIRST_OF_GROUP).with_columns(_VERDICTS).collect()
