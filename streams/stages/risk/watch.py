"""Rules over rows: which fire where, and what they rest on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from suyuan.domain.rules.catalogue import built_in_rules
from suyuan.domain.rules.columns import COUNTERS
from suyuan.domain.rules.sql import condition, to_polars

if TYPE_CHECKING:
    from suyuan.domain.rules.rule import Rule

_DECIDES = {"contradicted": "contradicted", "broken": "broken", "partial": "unverified"}
"""verdict -> the class of gaps that makes it"""
GROUND = {"row": pl.get_index_type(), "ground": pl.String, "evidence": pl.String}


@dataclass(frozen=True, slots=True)
class Watch:
    """Rules ready to run.

    fires: a Boolean expression per rule
    grounds: rule (index in `rules`), ground: what a rule rests on; a gap by name, "verdict" for the gaps that
    make the verdict, or a counter for the complaints that it counts
    """

    rules: tuple[Rule, ...]
    fires: tuple[pl.Expr, ...]
    grounds: pl.DataFrame


def make_watch(rules: tuple[Rule, ...]) -> Watch:
    """The rules in mode active, ready to run; others raise no alerts."""
    active = tuple(rule for rule in rules if rule.mode == "active")
    pairs = [
        (number, ground)
        for number, rule in enumerate(active)
        for ground in sorted(condition(rule).gaps | condition(rule).columns & {"verdict", *COUNTERS})
    ]
    grounds = pl.DataFrame(pairs, schema={"rule": pl.UInt32, "ground": pl.String}, orient="row")
    return Watch(active, tuple(to_polars(rule) for rule in active), grounds)


@cache
def built_in_watch() -> Watch:
    """The rules that ship with the product, ready to run."""
    return make_watch(built_in_rules())


def find_hits(watch: Watch, rows: pl.DataFrame) -> pl.DataFrame:
    """Every rule that fires on a row, in their order: a frame of row (index in `rows`) and rule (index in the watch).
    `rows`: columns of the block schema `chain` and the counters.
    """
    # one array for all rules: a frame for each costs 0.2 ms, whatever it holds
    row, rule = np.nonzero(rows.select(watch.fires).to_numpy())
    return pl.DataFrame({"row": row, "rule": rule}, schema={"row": pl.get_index_type(), "rule": pl.UInt32})


def rest_on(watch: Watch, hits: pl.DataFrame, rows: pl.DataFrame, complaints: pl.DataFrame) -> pl.DataFrame:
    """The hits with `evidence`, sorted ids of the events that they rest on but the listing's own, and
    `basis`, text that changes when these, the things that the gaps are about, the rule or its severity do.

    complaints: row, ground (a counter), evidence (one id)
    """
    grounds = _gap_grounds(rows, hits["row"].unique().sort())
    found = pl.concat([grounds, complaints.lazy()], how="diagonal")
    events = (
        hits.lazy()
        .join(watch.grounds.lazy(), on="rule")
        .join(found, on=["row", "ground"])
        .group_by("row", "rule")
        .agg(pl.col("subject", "evidence").drop_nulls().unique().sort())
    )
    rules = pl.Series([f"{rule.id} {rule.version} {rule.severity}" for rule in watch.rules], dtype=pl.String)
    nothing = pl.lit([], dtype=pl.List(pl.String))
    return (
        hits.lazy()
        .join(events, on=["row", "rule"], how="left", maintain_order="left")
        .with_columns(pl.col("subject", "evidence").fill_null(nothing))
        .with_columns(
            basis=pl.concat_str(
                pl.lit(rules).gather("rule"),
                *(pl.col(name).list.join("\x1f") for name in ("subject", "evidence")),
                separator="\x1e",
            )
        )
        .drop("subject")
        .collect()
    )


def _gap_grounds(rows: pl.DataFrame, touched: pl.Series) -> pl.LazyFrame:
    """row, ground, subject (gap=subject), evidence (one id or null) of the gaps of the touched rows."""
    decides = pl.col("class") == pl.col("verdict").replace_strict(_DECIDES, default=None)
    return (
        rows.select("verdict", "listing_event", "gaps")[touched]
        .lazy()
        .with_columns(touched.alias("row"))
        .explode("gaps")
        .unnest("gaps")
        .select(
            "row",
            "listing_event",
            pl.concat_str("gap", pl.col("subject").fill_null(""), separator="=").alias("subject"),
            pl.concat_list("gap", pl.when(decides).then(pl.lit("verdict"))).alias("ground"),
            "evidence",
        )
        .explode("ground")
        .explode("evidence")
        .select(
            "row",
            "ground",
            "subject",
            pl.when(pl.col("evidence") != pl.col("listing_event")).then("evidence").alias("evidence"),
        )
    )
