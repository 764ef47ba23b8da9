"""The current record of each business key: the one with the greatest (occurred_at, event_id, publisher).

Pure columns: what the state holds of the keys of a run, and the run's rows, give what is new, what is repeated, what
is current now and where the record that it replaces had gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from suyuan.domain.evidence import evidence_expr

RECENCY = ("occurred_at", "event_id", "publisher")
SEEN_LIMIT = 16
"""deliveries remembered per key; an older one that comes again is accepted again, and the read views fold it"""

HELD = pl.Struct(
    {
        "occurred_at": pl.Int64,
        "event_id": pl.String,
        "publisher": pl.String,
        "offset": pl.Int64,
        "body": pl.String,
        "previous": pl.String,
        "seen": pl.List(pl.String),
        "seen_at": pl.List(pl.Int64),
    }
)
"""What state holds of a key: the current record (`body`), the body that it replaced if that had gone elsewhere
(`previous`), and the deliveries seen: evidence ids with the offset at which each was first seen."""

_VALUE = pl.struct(list(HELD.to_schema())).struct.json_encode().cast(pl.Binary)


@dataclass(frozen=True, slots=True)
class Supersession:
    """What a run changes.

    outcomes: the run's rows in their order with `outcome` accepted or duplicate
    current: rows that are current now, with `offset` of their first delivery and `previous` (body, or null)
    keys, values: what state shall hold, as parallel lists
    """

    outcomes: pl.DataFrame
    current: pl.DataFrame
    keys: list[str]
    values: list[bytes]


def supersede(
    rows: pl.DataFrame, keys: Sequence[str], held: Sequence[bytes | None], *, redelivered: bool
) -> Supersession:
    """`rows` have key, offset, occurred_at, event_id, publisher, body and whatever else; `held[i]` is what state has
    of `keys[i]`, the distinct keys of the rows. A row whose (publisher, event_id) was first seen at a lower offset is a
    duplicate. With `redelivered`, rows that already are the current record count as current again.
    """
    prior = _prior(keys, held)
    rows = (
        _with_first_seen(rows.lazy().with_columns(evidence=evidence_expr()), prior)
        .with_columns(
            outcome=pl.when(pl.col("offset") > pl.col("first")).then(pl.lit("duplicate")).otherwise(pl.lit("accepted"))
        )
        .collect()
    )
    accepted = rows.lazy().filter(pl.col("outcome") == "accepted")
    newest = accepted.sort("key", *RECENCY).unique("key", keep="last", maintain_order=True)
    if prior.is_empty():
        current = newest.with_columns(previous=pl.lit(None, pl.String), elsewhere=pl.lit(None, pl.String)).collect()
    else:
        current = _over_prior(newest, prior.lazy(), redelivered=redelivered).collect()
    state_keys, values = _held_after(accepted, current.lazy(), prior)
    return Supersession(
        rows.drop("first", "evidence"), current.drop("first", "evidence", "elsewhere"), state_keys, values
    )


def _prior(keys: Sequence[str], held: Sequence[bytes | None]) -> pl.DataFrame:
    known = [(key, value.decode()) for key, value in zip(keys, held, strict=True) if value is not None]
    frame = pl.LazyFrame(known, schema={"key": pl.String, "held": pl.String}, orient="row")
    return frame.with_columns(pl.col("held").str.json_decode(HELD)).unnest("held").collect()


def _with_first_seen(rows: pl.LazyFrame, prior: pl.DataFrame) -> pl.LazyFrame:
    """With `first`, the lowest offset at which each row's event was seen, in this run or before."""
    in_run = pl.col("offset").min().over("key", "evidence")
    if prior.is_empty():
        return rows.with_columns(first=in_run)
    before = (
        prior.lazy()
        .select("key", evidence="seen", before="seen_at")
        .explode("evidence", "before")
        .group_by("key", "evidence")
        .agg(pl.col("before").min())
    )
    return (
        rows.join(before, on=["key", "evidence"], how="left", maintain_order="left")
        .with_columns(first=pl.min_horizontal(in_run, "before"))
        .drop("before")
    )


def _over_prior(newest: pl.LazyFrame, prior: pl.LazyFrame, *, redelivered: bool) -> pl.LazyFrame:
    """Those of the run's newest rows that beat what state holds, each with the body that it replaces."""
    was = prior.select("key", *(pl.col(name).alias(f"was_{name}") for name in (*RECENCY, "offset", "body", "previous")))
    joined = newest.join(was, on="key", how="left", maintain_order="left")
    mine = pl.struct(RECENCY)
    theirs = pl.struct(pl.col(f"was_{name}").alias(name) for name in RECENCY)
    held_already = (mine == theirs) & pl.col("was_occurred_at").is_not_null()
    wins = pl.col("was_occurred_at").is_null() | _later()
    keep = wins | held_already if redelivered else wins
    return (
        joined.filter(keep)
        .with_columns(
            previous=pl.when(held_already).then("was_previous").otherwise("was_body"),
            # what state shall remember as replaced: only the last replacement can lack its outputs
            elsewhere=pl.when(held_already).then("was_previous").otherwise("was_body"),
        )
        .drop(*(f"was_{name}" for name in (*RECENCY, "offset", "body", "previous")))
    )


def _later() -> pl.Expr:
    """(occurred_at, event_id, publisher) of the row is greater than that of what state holds."""
    later = pl.lit(value=False)
    for name in reversed(RECENCY):
        mine, theirs = pl.col(name), pl.col(f"was_{name}")
        later = (mine > theirs) | ((mine == theirs) & later)
    return later


def _held_after(accepted: pl.LazyFrame, current: pl.LazyFrame, prior: pl.DataFrame) -> tuple[list[str], list[bytes]]:
    # a delivery that is seen again at its own offset (redelivered) is not remembered twice
    known = prior.lazy().select("key", evidence="seen").explode("evidence")
    fresh = accepted.join(known, on=["key", "evidence"], how="anti", maintain_order="left")
    seen = fresh.group_by("key", maintain_order=True).agg(new="evidence", new_at="offset")
    after = seen.join(
        current.select("key", *RECENCY, "offset", "body", previous="elsewhere"),
        on="key",
        how="left",
        maintain_order="left",
    )
    if prior.is_empty():
        after = after.with_columns(seen="new", seen_at="new_at")
    else:
        before = prior.lazy().select("key", pl.exclude("key").name.prefix("was_"))
        after = after.join(before, on="key", how="left", maintain_order="left")
        stays = pl.col("occurred_at").is_null()
        fields = (*RECENCY, "offset", "body", "previous")
        after = after.with_columns(
            *(pl.when(stays).then(f"was_{name}").otherwise(name).alias(name) for name in fields),
            seen=_appended("was_seen", "new"),
            seen_at=_appended("was_seen_at", "new_at"),
        )
    held = (
        after.with_columns(pl.col("seen").list.tail(SEEN_LIMIT), pl.col("seen_at").list.tail(SEEN_LIMIT))
        .select("key", held=_VALUE)
        .collect()
    )
    return held["key"].to_list(), held["held"].to_list()


def _appended(old: str, new: str) -> pl.Expr:
    empty = pl.col(new).list.head(0)
    return pl.concat_list(pl.col(old).fill_null(empty), pl.col(new))
