"""Chains by place: what all listings of one place have in common is assessed once.

A **place** is what a listing says of who sells, who made, and what it is (`PLACE`). All of its chain but the listing's
own columns follows from the place, from the facts that it names, and from the day: its **template**. A template says
between which days it holds. Whoever keeps one forgets it when one of the facts changes.

| of a chain | comes from |
|---|---|
| title, price, times, evidence id and the like | the listing |
| parties, standings, divisions, level of a recall, verdict, gaps | the template |
| evidence of a gap that rests on the listing alone | the listing |
| the gap `oversold`, and the verdict by it | what the listing sold, and the template's `received` |
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.domain.calendar import china_day_expr
from suyuan.domain.chain.assessment import COLUMNS, GAP, Assessment, assess
from suyuan.domain.chain.facts import Facts
from suyuan.domain.chain.gaps import ALONE, GAPS
from suyuan.domain.chain.licensing import days_alike, needs_held_licence
from suyuan.domain.chain.verdict import VERDICT
from suyuan.domain.evidence import evidence_expr

PLACE = (
    "status", "seller_code", "producer_code", "producer_name", "gtin", "lot", "licence_no", "seller_code_fault",
    "producer_code_fault", "gtin_valid",
)  # fmt: skip
"""columns of the block schema `listing` that a template follows from, beside facts and days"""

Rows = npt.NDArray[np.int64]
Days = npt.NDArray[np.int32]

col = pl.col
_KEY = pl.struct(col(name).alias(f"{number}") for number, name in enumerate(PLACE)).struct.json_encode().cast(pl.Binary)
"""with short names, since a memory holds a hundred thousand of them"""
_COLUMNS = [column if isinstance(column, str) else column.meta.output_name() for column in COLUMNS]
_OF_TEMPLATE = (
    "parties", "seller_status", "producer_status", "seller_division", "producer_division", "seller_penalties",
    "recall_level",
)  # fmt: skip
"""columns of a chain that are its template's as they are"""
_OF_LISTING = (
    "platform_code", "listing_id", "status", "title", "category", "url", "seller_code", "producer_code",
    "producer_name", "gtin", "lot", "licence_no", "price_fen", "sold_30d", "occurred_at", "received_at", "revision",
    "event_id", "publisher", "digest",
)  # fmt: skip
"""columns of a listing that its chain has, or that its evidence id is made of"""
_DAYS = ["since", "until", "present_since", "present_until"]
_NO_DAY, _EVER, _FOR_EVER = -(1 << 31), 1 - (1 << 31), (1 << 31) - 1
"""days since 1970 that no listing's can be: of one without a day, before every day, and after every day"""
_EPOCH = dt.date(1970, 1, 1)
CHUNKS = 24
"""appended before they are joined into one: gathering slows down with their number"""

_OVERSOLD = next(gap for gap in GAPS if gap.gap == "oversold")
_MOST = (1 << 63) - 1
_POSITION = {gap.gap: position for position, gap in enumerate(GAPS)}
_ALONE = [gap.gap for gap in GAPS if gap.evidence.meta.eq(ALONE)]
_GAP_FIELDS = [field.name for field in GAP.fields]
_GAP_LISTS = {"gaps": pl.List(GAP), "gap_names": pl.List(pl.String)}
_GAPS = pl.Schema({"position": pl.UInt8(), **GAP.to_schema(), "alone": pl.Boolean()})
_EACH = pl.Schema(
    {
        "verdict": pl.String(),
        **{name: pl.Int64() if name in {"seller_penalties", "recall_level"} else pl.String() for name in _OF_TEMPLATE},
        **dict.fromkeys(_DAYS, pl.Int32()),
        "received": pl.Int64(),
        "receipts": pl.List(pl.String()),
        "first_gap": pl.Int64(),
        "gap_count": pl.Int64(),
    }
)
_APPLIED = [name for name in _EACH if name not in {*_DAYS, "receipts"}]


@dataclass(frozen=True, slots=True)
class Templates:
    """`each`: one row per template. `since` to `until` are the days of a listing between which it holds, and
    `present_since` to `present_until` the present days (all included, days since 1970); `verdict` is that of a listing
    that is not oversold; `received` what a listing must have sold more of than to be, null where that is not asked;
    `first_gap` and `gap_count` its rows in `gaps`.

    `gaps`: those of all templates, one after the other, but for `oversold`. Where `alone` the evidence is the listing's
    own event, which is in no template.
    """

    each: pl.DataFrame
    gaps: pl.DataFrame

    @classmethod
    def none(cls) -> Templates:
        """To begin with."""
        return cls(pl.DataFrame(schema=_EACH), pl.DataFrame(schema=_GAPS))

    @property
    def size(self) -> int:
        """Bytes, about."""
        return int(self.each.estimated_size() + self.gaps.estimated_size())

    def add(self, more: Templates) -> Templates:
        """These and behind them `more`."""
        moved = more.each.with_columns(col("first_gap") + self.gaps.height)
        return Templates(_joined(self.each, moved), _joined(self.gaps, more.gaps))

    def take(self, rows: Rows) -> Templates:
        """Those in these rows of `each`, in this order, and no byte of the others."""
        each = self.each[rows]
        count = each["gap_count"].to_numpy()
        _, which = _spread(each["first_gap"].to_numpy(), count)
        moved = each.with_columns(pl.Series("first_gap", np.cumsum(count) - count, dtype=pl.Int64))
        return Templates(_copied(moved), _copied(self.gaps[which]))


def _joined(frame: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    joined = frame.vstack(more)
    return joined.rechunk() if joined.n_chunks() > CHUNKS else joined


def _copied(frame: pl.DataFrame) -> pl.DataFrame:
    """With buffers of its own: rows taken out of a frame keep the texts of all."""
    return pl.DataFrame(frame.to_arrow(compat_level=pl.CompatLevel.oldest()), schema=frame.schema)


def _spread(first: Rows, count: Rows) -> tuple[Rows, Rows]:
    """Of lists that lie one after the other, each from `first` and of `count` members: for each member the number of
    its list, and where it lies.
    """
    of = np.repeat(np.arange(len(count)), count)
    return of, np.arange(len(of)) + np.repeat(first - np.cumsum(count) + count, count)


def place_keys(listings: pl.DataFrame) -> list[bytes]:
    """The place of each listing as one text: that of no other place, whatever characters names have."""
    return listings.lazy().select(_KEY).collect().to_series().to_list()


def days_of(listings: pl.DataFrame) -> Days:
    """The day of each listing, in days since 1970; without one, a day on which no template holds."""
    days = listings.lazy().select(china_day_expr("occurred_at").cast(pl.Int32).fill_null(_NO_DAY)).collect()
    return days.to_series().to_numpy()


def still_hold(each: pl.DataFrame, rows: Rows, days: Days, today: dt.date | None) -> npt.NDArray[np.bool_]:
    """Whether the templates in these `rows` of `each` hold on those `days`, one for each row. `today`: the greatest
    `day` event.
    """
    present = days if today is None else np.maximum(days, (today - _EPOCH).days)
    since, until, present_since, present_until = (column.to_numpy() for column in each[_DAYS][rows].get_columns())
    held: npt.NDArray[np.bool_] = (
        (since <= days) & (days <= until) & (present_since <= present) & (present <= present_until)
    )
    return held


def assess_places(listings: pl.DataFrame, facts: Facts) -> tuple[Assessment, Templates]:
    """The template of each listing, in their order, and what it was made of. `listings`: as `assess` takes them. Of the
    assessment no more is to be used than `parties`: in it each listing sold as much as can be.
    """
    assessment = assess(listings.with_columns(sold_30d=pl.lit(_MOST)), facts)
    joined, found = assessment.joined, assessment.found
    oversold = found["oversold"]
    verdict = found.with_columns(oversold=pl.lit(value=False)).select(verdict=VERDICT).to_series()
    gaps = (
        assessment.chains.lazy()
        .select("gaps")
        .explode("gaps", empty_as_null=False)
        .unnest("gaps")
        .filter(col("gap") != _OVERSOLD.gap)
        .with_columns(
            position=col("gap").replace_strict(_POSITION, return_dtype=pl.UInt8), alone=col("gap").is_in(_ALONE)
        )
        .with_columns(evidence=pl.when("alone").then(pl.lit([], dtype=pl.List(pl.String))).otherwise("evidence"))
        .select(*_GAPS)
        .collect()
    )
    each = (
        pl.concat(
            [
                assessment.chains.select(*_OF_TEMPLATE, "status", count=col("gaps").list.len()),
                joined.select(pl.when(oversold).then("received").alias("received"), "receipts"),
                _between(joined, found, facts),
            ],
            how="horizontal",
        )
        .lazy()
        .with_columns(
            verdict=pl.when(col("status") == "active").then(verdict).otherwise(pl.lit("removed")),
            gap_count=col("count").cast(pl.Int64) - oversold.cast(pl.Int64),
        )
        .with_columns(first_gap=col("gap_count").cum_sum() - col("gap_count"))
        .select(*_EACH)
        .collect()
    )
    return assessment, Templates(each, gaps)


def _between(joined: pl.DataFrame, found: pl.DataFrame, facts: Facts) -> pl.DataFrame:
    """The days between which each template holds: columns _DAYS.

    Of a listing whose lot is known the day counts for nothing but the lot's expiry. Of others it decides which licences
    are in force; and a gap that names the day is that day's.
    """
    by_day = ~col("lot_known") & col("product_known") & col("requires_licence").fill_null(value=False)
    named = joined.select((found["licence_missing"] | found["licence_not_in_force"]) & by_day).to_series()
    in_force = by_day & col("licence_no").is_not_null() & col("licence_in_force").fill_null(value=False)
    since = pl.when(named).then("day").when(in_force).then("licence_from")
    until = pl.when(named).then("day").when(in_force).then("licence_to")
    held = by_day & needs_held_licence()
    if joined.select(held.any()).item():
        alike = days_alike(joined.filter(~col("lot_known")), facts.producers)
        joined = joined.join(
            alike, on=["producer_code", "product_category", "licence_day"], how="left", maintain_order="left"
        )
        since, until = since.when(held).then("first_alike"), until.when(held).then("last_alike")
    expires = col("status").eq("active") & col("lot_known") & col("expires_on").is_not_null()
    expired = expires & (col("expires_on") < col("present_day"))
    return joined.select(
        _number(since, _EVER).alias("since"),
        _number(until, _FOR_EVER).alias("until"),
        _number(pl.when(expired).then(col("expires_on").dt.offset_by("1d")), _EVER).alias("present_since"),
        _number(pl.when(expires & ~expired).then("expires_on"), _FOR_EVER).alias("present_until"),
    )


def _number(day: pl.Expr, without: int) -> pl.Expr:
    return day.cast(pl.Int32).fill_null(without)


def chains_of(listings: pl.DataFrame, templates: Templates, rows: Rows) -> pl.DataFrame:
    """The chain of each listing by its template, `rows` of `templates.each`: what `assess` makes of the same facts, the
    columns of `Assessment.chains`.
    """
    each = templates.each[_APPLIED][rows]
    made = (
        pl.concat([listings.select(_OF_LISTING), each], how="horizontal")
        .lazy()
        .with_columns(
            evidence_expr("listing").alias("listing_event"),
            oversold=(col("sold_30d") > col("received")).fill_null(value=False),
            listed_at="occurred_at",
        )
        .with_columns(verdict=pl.when("oversold").then(pl.lit(_OVERSOLD.class_)).otherwise("verdict"))
        .collect()
    )
    gaps = _gaps(made, templates, rows)
    return pl.concat([made, gaps], how="horizontal").select(_COLUMNS)


def _gaps(made: pl.DataFrame, templates: Templates, rows: Rows) -> pl.DataFrame:
    """`gaps` and `gap_names` of each row of `made`."""
    parts = []
    count = made["gap_count"].to_numpy()
    if count.any():
        row, which = _spread(made["first_gap"].to_numpy(), count)
        parts.append(
            templates.gaps[which]
            .with_columns(pl.Series("row", row, dtype=pl.UInt32), made["listing_event"][row])
            .with_columns(evidence=pl.when("alone").then(ALONE).otherwise("evidence"))
            .select("row", "position", *_GAP_FIELDS)
        )
    if made["oversold"].any():
        (over,) = made["oversold"].to_numpy().nonzero()
        parts.append(
            made[over]
            .with_columns(pl.Series("row", over, dtype=pl.UInt32), templates.each["receipts"][rows[over]])
            .select(
                "row",
                pl.lit(_POSITION[_OVERSOLD.gap], dtype=pl.UInt8).alias("position"),
                pl.lit(_OVERSOLD.gap).alias("gap"),
                pl.lit(_OVERSOLD.class_).alias("class"),
                _OVERSOLD.subject.alias("subject"),
                _OVERSOLD.detail.alias("detail"),
                _OVERSOLD.evidence.alias("evidence"),
            )
        )
    empty = (pl.lit([], dtype=dtype).alias(name) for name, dtype in _GAP_LISTS.items())
    if not parts:
        return made.select("verdict").with_columns(empty).select(*_GAP_LISTS)
    members = parts[0].lazy() if len(parts) == 1 else pl.concat(parts).lazy().sort("row", "position")
    found = (
        members.group_by("row", maintain_order=True)
        .agg(gaps=pl.struct(_GAP_FIELDS), gap_names=col("gap").sort())
        .collect()
    )
    rest = np.ones(made.height, dtype=np.bool_)
    rest[found["row"].to_numpy()] = False
    # half of what a join of all rows to the found ones takes
    without = pl.DataFrame({"row": rest.nonzero()[0]}, schema={"row": pl.UInt32}).lazy().with_columns(empty)
    every: pl.DataFrame = pl.concat([found.lazy(), without]).sort("row").select(*_GAP_LISTS).collect()
    return every
