"""The current record of each business key: the one with the greatest (occurred_at, event_id, publisher, content).

Pure columns: what the state holds of the keys of a run, and the run's rows, give what is new, what is repeated, what
is current now and where the record that it replaces had gone.

Contents are compared here and nowhere else. Where nothing but the content tells two records apart, the greater one gets
the greater `tie`, which goes with the record from here on: the stages and the tables order by (occurred_at, event_id,
publisher, tie), and no content is kept or compared beyond this partition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from suyuan.streams.stages.held_records import FIRST_SEEN, HELD, held_columns, value

RECENCY = ("occurred_at", "event_id", "publisher", "tie")
MOMENT = RECENCY[:-1]
"""what contents are compared within"""
SEEN_LIMIT = 16
"""versions of a key that are remembered beside its record; older ones under a state key of their own each (`older`)"""

_CURRENT = (*RECENCY, "revision", "digest", "content", "previous")
_VALUE = value()
_FIRST_VALUE = value(**FIRST_SEEN)
_ACCEPTED = pl.Series("outcome", ["accepted"])
_NOTHING_HELD = pl.DataFrame(schema=HELD.to_schema())
_NO_TIE = pl.Series("tie", [0], dtype=pl.Int64)
_NOTHING_BEFORE = pl.Series("previous", [None], dtype=pl.String)


@dataclass(frozen=True, slots=True)
class Supersession:
    """What a run changes.

    outcomes: the run's rows in their order with `outcome` (accepted or duplicate) and `tie`
    current: rows that are current now, in any order, with `offset` of their first delivery and `previous` (body, or
    null)
    keys, values: what the state is to hold, side by side
    older: (key, id, offset) of versions that get state keys of their own from now on
    """

    outcomes: pl.DataFrame
    current: pl.DataFrame
    keys: pl.Series
    values: list[bytes]
    older: list[tuple[str, str, int]]


def body(prefix: str = "") -> pl.Expr:
    """Expression for the JSON text that other stages keep of a record: event_id, publisher, digest and tie, then its
    content. Of the columns of these names, each with `prefix` before it.
    """
    names = ("event_id", "publisher", "digest", "tie")
    told = pl.struct(pl.col(f"{prefix}{name}").alias(name) for name in names).struct.json_encode()
    return pl.concat_str(told.str.strip_suffix("}"), pl.lit(","), pl.col(f"{prefix}content").str.strip_prefix("{"))


def held_before(keys: Sequence[str], held: Sequence[bytes | None]) -> pl.DataFrame:
    """What the state has of the keys that it knows: a frame of `key` and the fields of HELD. `held`: values by `keys`,
    None where absent.
    """
    known = [(key, value) for key, value in zip(keys, held, strict=True) if value is not None]
    rows = held_columns([value for _, value in known]) if known else _NOTHING_HELD.clone()
    return rows.insert_column(0, pl.Series("key", [key for key, _ in known], dtype=pl.String))


def perhaps_older(rows: pl.DataFrame, prior: pl.DataFrame) -> list[tuple[str, str]]:
    """(key, id) of rows that may have been seen so long ago that only a state key of their own tells. `rows`: key, id;
    `prior`: as `held_before` returns it.
    """
    if not prior["older"].any():
        return []
    many = prior.lazy().filter("older")
    wanted = rows.lazy().select("key", "id").unique().join(many.select("key"), on="key", how="semi")
    return wanted.join(many.select("key", id="seen").explode("id"), on=["key", "id"], how="anti").collect().rows()


def supersede(
    rows: pl.DataFrame,
    prior: pl.DataFrame,
    older: Sequence[tuple[str, str, int]] = (),
    *,
    moves_with: Sequence[str] = (),
    redelivered: bool,
) -> Supersession:
    """Which rows of a run are new, which repeated, and which are current now.

    `rows`: key, id, offset, revision, occurred_at, event_id, publisher, digest, content, the columns `moves_with`, and
    any others, which are handed through. `prior`: what the state has of their keys, as `held_before` returns it;
    `older`: (key, id, offset) that it has of those of `perhaps_older`. A row whose id was first seen at a lower offset
    is a duplicate. With `redelivered`, rows that already are the current record count as current again.
    """
    if rows["key"].n_unique() == rows.height and not older:
        if prior.is_empty():
            return _all_new(rows)
        simple = None if redelivered else _each_new(rows, prior, moves_with)
        if simple is not None:
            return simple
    return supersede_in_general(rows, prior, older, moves_with=moves_with, redelivered=redelivered)


def _all_new(rows: pl.DataFrame) -> Supersession:
    """Of rows that are each the first of its key: all of them are current."""
    tie, outcome, previous = (each.new_from_index(0, rows.height) for each in (_NO_TIE, _ACCEPTED, _NOTHING_BEFORE))
    outcomes = rows.hstack([tie, outcome])
    current = outcomes.hstack([previous])
    return Supersession(outcomes, current, rows["key"], current.select(_FIRST_VALUE).to_series().to_list(), [])


def _each_new(rows: pl.DataFrame, prior: pl.DataFrame, moves_with: Sequence[str]) -> Supersession | None:
    """Of rows of as many keys, none of which was seen before, or differs from the current record of its key in nothing
    but the content; None where some row was, or does.
    """
    was = rows.select("key").join(prior, on="key", how="left", maintain_order="left").drop("key")
    both = rows.hstack([column.alias(f"was_{column.name}") for column in was])
    known = pl.col("was_seen").list.contains(pl.col("id"))
    same = pl.all_horizontal(pl.col(name) == pl.col(f"was_{name}") for name in MOMENT)
    if both.select((known | same).any()).item():
        return None
    tie, outcome = (each.new_from_index(0, rows.height) for each in (_NO_TIE, _ACCEPTED))
    outcomes = rows.hstack([tie, outcome])
    judged = both.hstack([tie, outcome]).lazy().with_columns(wins=pl.col("was_occurred_at").is_null() | _later())
    replaced = pl.when(_moved(moves_with)).then(body("was_"))
    now = judged.with_columns(previous=pl.when("wins").then(replaced).otherwise("was_previous")).collect()
    current = now.filter("wins").select(*outcomes.columns, "previous")
    stands = (pl.when("wins").then(name).otherwise(f"was_{name}").alias(name) for name in _CURRENT[:-1])
    after = now.lazy().select(
        "key",
        "previous",
        *stands,
        seen=_appended("was_seen", pl.concat_list("id")),
        seen_at=_appended("was_seen_at", pl.concat_list("offset")),
        older=pl.col("was_older").fill_null(value=False),
    )
    return _changed(outcomes, current, _within_limit(after))


def supersede_in_general(
    rows: pl.DataFrame,
    prior: pl.DataFrame,
    older: Sequence[tuple[str, str, int]] = (),
    *,
    moves_with: Sequence[str] = (),
    redelivered: bool,
) -> Supersession:
    """`supersede` for any rows: with keys and versions that come several times, or again."""
    known = _known(prior, older)
    rows = (
        _with_first_seen(_with_tie(rows, prior), known)
        .with_columns(
            outcome=pl.when(pl.col("offset") > pl.col("first")).then(pl.lit("duplicate")).otherwise(pl.lit("accepted"))
        )
        .collect()
    )
    accepted = rows.lazy().filter(pl.col("outcome") == "accepted")
    newest = accepted.sort("key", *RECENCY).unique("key", keep="last", maintain_order=True)
    if prior.is_empty():
        current = newest.with_columns(previous=pl.lit(None, pl.String)).collect()
    else:
        current = _over_prior(newest, prior.lazy(), moves_with, redelivered=redelivered).collect()
    after = _within_limit(_held_after(accepted, current.lazy(), prior, known))
    return _changed(rows.drop("first"), current.drop("first"), after)


def _changed(outcomes: pl.DataFrame, current: pl.DataFrame, after: pl.DataFrame) -> Supersession:
    values = after.select("key", _VALUE)
    gone = after.filter(pl.col("gone").list.len() > 0).select("key", "gone", "gone_at").explode("gone", "gone_at")
    return Supersession(outcomes, current, values["key"], values["held"].to_list(), gone.rows())


def _known(prior: pl.DataFrame, older: Sequence[tuple[str, str, int]]) -> pl.DataFrame:
    """(key, id, before): where versions were first seen."""
    seen = prior.lazy().select("key", id="seen", before="seen_at").explode("id", "before").collect()
    if not older:
        return seen
    return pl.concat([seen, pl.DataFrame(older, schema=seen.schema, orient="row")])


def _with_first_seen(rows: pl.LazyFrame, known: pl.DataFrame) -> pl.LazyFrame:
    """With `first`, the lowest offset at which each row's event was seen, in this run or before."""
    in_run = pl.col("offset").min().over("key", "id")
    if known.is_empty():
        return rows.with_columns(first=in_run)
    before = known.lazy().group_by("key", "id").agg(pl.col("before").min())
    return (
        rows.join(before, on=["key", "id"], how="left", maintain_order="left")
        .with_columns(first=pl.min_horizontal(in_run, "before"))
        .drop("before")
    )


def _with_tie(rows: pl.DataFrame, prior: pl.DataFrame) -> pl.LazyFrame:
    """With `tie`: the place of a row's content among those of its run; above that of the current record where it is
    greater, -1 where it is less. Of those that came by any moment the greatest content has the greatest tie (of a run
    that is delivered again: by its end).
    """
    several = rows["key"].is_duplicated().any()
    place = pl.col("content").rank("dense").over("key", *MOMENT).cast(pl.Int64) - 1
    ranked = rows.lazy().with_columns(tie=place if several else pl.lit(0, pl.Int64))
    if prior.is_empty():
        return ranked
    was = prior.lazy().select("key", *(pl.col(name).alias(f"was_{name}") for name in (*RECENCY, "content")))
    mine, theirs = pl.col("content"), pl.col("was_content")
    return (
        ranked.join(
            was,
            left_on=["key", *MOMENT],
            right_on=["key", *(f"was_{name}" for name in MOMENT)],
            how="left",
            maintain_order="left",
        )
        .with_columns(
            tie=pl.when(theirs.is_null())
            .then("tie")
            .when(mine == theirs)
            .then("was_tie")
            .when(mine > theirs)
            .then(pl.col("was_tie") + 1 + pl.col("tie"))
            .otherwise(-1)
        )
        .drop("was_tie", "was_content")
    )


def _over_prior(
    newest: pl.LazyFrame, prior: pl.LazyFrame, moves_with: Sequence[str], *, redelivered: bool
) -> pl.LazyFrame:
    """Those of the run's newest rows that beat what state holds, each with the body that it replaces elsewhere."""
    was = prior.select("key", *(pl.col(name).alias(f"was_{name}") for name in _CURRENT))
    joined = newest.join(was, on="key", how="left", maintain_order="left")
    mine = pl.struct(RECENCY)
    theirs = pl.struct(pl.col(f"was_{name}").alias(name) for name in RECENCY)
    held_already = (mine == theirs) & pl.col("was_occurred_at").is_not_null()
    wins = pl.col("was_occurred_at").is_null() | _later()
    keep = wins | held_already if redelivered else wins
    # only the last replacement can lack its outputs, so no more is remembered
    replaced = pl.when(held_already).then("was_previous").when(_moved(moves_with)).then(body("was_"))
    return joined.filter(keep).with_columns(previous=replaced).drop(f"was_{name}" for name in _CURRENT)


def _moved(moves_with: Sequence[str]) -> pl.Expr:
    if not moves_with:
        return pl.lit(value=False)
    was = pl.col("was_content").str.json_decode(pl.Struct(dict.fromkeys(moves_with, pl.String)))
    return pl.col("was_content").is_not_null() & pl.any_horizontal(
        was.struct.field(name).ne_missing(pl.col(name)) for name in moves_with
    )


def _later() -> pl.Expr:
    """The row comes after what state holds."""
    later = pl.lit(value=False)
    for name in reversed(RECENCY):
        mine, theirs = pl.col(name), pl.col(f"was_{name}")
        later = (mine > theirs) | ((mine == theirs) & later)
    return later


def _held_after(
    accepted: pl.LazyFrame, current: pl.LazyFrame, prior: pl.DataFrame, known: pl.DataFrame
) -> pl.LazyFrame:
    """Key and the fields of HELD, with all versions that were seen."""
    # a delivery that is seen again at its own offset (redelivered) is not remembered twice
    fresh = accepted.join(known.lazy(), on=["key", "id"], how="anti", maintain_order="left")
    seen = fresh.group_by("key", maintain_order=True).agg(new="id", new_at="offset")
    after = seen.join(current.select("key", *_CURRENT), on="key", how="left", maintain_order="left")
    if prior.is_empty():
        return after.with_columns(seen="new", seen_at="new_at", older=pl.lit(value=False))
    before = prior.lazy().select("key", pl.exclude("key").name.prefix("was_"))
    stays = pl.col("occurred_at").is_null()
    return after.join(before, on="key", how="left", maintain_order="left").with_columns(
        *(pl.when(stays).then(f"was_{name}").otherwise(name).alias(name) for name in _CURRENT),
        seen=_appended("was_seen", pl.col("new")),
        seen_at=_appended("was_seen_at", pl.col("new_at")),
        older=pl.col("was_older").fill_null(value=False),
    )


def _appended(old: str, new: pl.Expr) -> pl.Expr:
    return pl.concat_list(pl.col(old).fill_null(new.list.head(0)), new)


def _within_limit(after: pl.LazyFrame) -> pl.DataFrame:
    """With no more versions than SEEN_LIMIT, and those that are `gone` from among them."""
    many = pl.max_horizontal(pl.col("seen").list.len().cast(pl.Int64) - SEEN_LIMIT, 0)
    return after.with_columns(
        pl.col("seen", "seen_at").list.tail(SEEN_LIMIT),
        gone=pl.col("seen").list.head(many),
        gone_at=pl.col("seen_at").list.head(many),
        older=pl.col("older") | (many > 0),
    ).collect()
