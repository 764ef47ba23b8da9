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
from suyuan.domain.chain.assessment import COLUMNS, GAP, Assessment, assess, chain_columns, list_gaps, said_of
from suyuan.domain.chain.facts import Facts
from suyuan.domain.chain.gaps import ALONE, GAPS
from suyuan.domain.chain.licensing import WANTED, days_alike
from suyuan.domain.chain.verdict import unless_removed
from suyuan.domain.evidence import evidence_expr

PLACE = (
    "status", "seller_code", "producer_code", "producer_name", "gtin", "lot", "licence_no", "seller_code_fault",
    "producer_code_fault", "gtin_valid",
)  # fmt: skip
"""columns of the block schema `listing` that a template follows from, beside facts and days"""

Rows = npt.NDArray[np.int64]
Days = npt.NDArray[np.int32]

_NO_DAY, _EVER, _FOR_EVER = -(1 << 31), 1 - (1 << 31), (1 << 31) - 1
"""days since 1970 that no listing's can be: of one without a day, before every day, and after every day"""

col = pl.col
_KEY = pl.struct(col(name).alias(f"{number}") for number, name in enumerate(PLACE)).struct.json_encode().cast(pl.Binary)
"""with short names, since a memory holds a hundred thousand of them"""
_DAY = china_day_expr("occurred_at").cast(pl.Int32).fill_null(_NO_DAY)
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
_EPOCH = dt.date(1970, 1, 1)
CHUNKS = 24
"""appended before they are joined into one: gathering slows down with their number"""

_OVERSOLD = next(gap for gap in GAPS if gap.gap == "oversold")
_MOST = (1 << 63) - 1
_POSITION_OF_OVERSOLD = GAPS.index(_OVERSOLD)
_ALONE = [gap.gap for gap in GAPS if gap.evidence.meta.eq(ALONE)]
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
        moved = more.each.clone()
        moved.replace_column(moved.get_column_index("first_gap"), moved["first_gap"] + self.gaps.height)
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


def places_of(listings: pl.DataFrame) -> tuple[list[bytes], Days]:
    """The place of each listing as one text: that of no other place, whatever characters names have. And its day, in
    days since 1970; without one, a day on which no template holds.
    """
    keys, days = listings.lazy().select(_KEY, _DAY).collect().get_columns()
    return keys.to_list(), days.to_numpy()


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
    joined = assessment.joined
    found = assessment.found
    says_day = (found["licence_missing"] | found["licence_not_in_force"]).alias("says_day")
    judged = joined.hstack([found["oversold"], found["verdict_but_oversold"], says_day]).lazy()
    since, until = _SINCE, _UNTIL
    by_held = joined["asks_held"] & ~joined["lot_known"]
    if by_held.any():
        alike = days_alike(joined.filter(by_held), facts.producers)
        judged = judged.join(alike, on=WANTED, how="left", maintain_order="left")
        since, until = (
            days.when(_BY_DAY & col("asks_held")).then(alike)
            for days, alike in ((since, "first_alike"), (until, "last_alike"))
        )
    gaps = assessment.gaps.lazy().filter(_BUT_OVERSOLD).sort("row", maintain_order=True).select("row", *_KEPT).collect()
    count = np.bincount(gaps["row"].to_numpy(), minlength=joined.height)
    each = judged.select(
        *_EACH_BUT_DAYS, _number(since, _EVER).alias("since"), _number(until, _FOR_EVER).alias("until")
    ).collect()
    which = [
        pl.Series("first_gap", np.cumsum(count) - count, dtype=pl.Int64),
        pl.Series("gap_count", count, dtype=pl.Int64),
    ]
    return assessment, Templates(each.hstack(which)[list(_EACH)], gaps[list(_GAPS)])


def _number(day: pl.Expr, without: int) -> pl.Expr:
    return day.cast(pl.Int32).fill_null(without)


# The days between which each template holds. Of a listing whose lot is known the day counts for nothing but the lot's
# expiry. Of others it decides which licences are in force; and a gap that names the day is that day's.
_BY_DAY = ~col("lot_known") & col("product_known") & col("requires_licence").fill_null(value=False)
_BY_NAMED = _BY_DAY & col("licence_no").is_not_null() & col("licence_in_force").fill_null(value=False)
_SINCE = pl.when(_BY_DAY & col("says_day")).then("day").when(_BY_NAMED).then("licence_from")
_UNTIL = pl.when(_BY_DAY & col("says_day")).then("day").when(_BY_NAMED).then("licence_to")
_EXPIRES = col("status").eq("active") & col("lot_known") & col("expires_on").is_not_null()
_EXPIRED = _EXPIRES & (col("expires_on") < col("present_day"))

_EACH_BUT_DAYS = (
    unless_removed(col("verdict_but_oversold")).alias("verdict"),
    *chain_columns(*_OF_TEMPLATE),
    pl.when("oversold").then("received").alias("received"),
    "receipts",
    _number(pl.when(_EXPIRED).then(col("expires_on").dt.offset_by("1d")), _EVER).alias("present_since"),
    _number(pl.when(_EXPIRES & ~_EXPIRED).then("expires_on"), _FOR_EVER).alias("present_until"),
)
"""columns of a template but the days of a listing"""
_BUT_OVERSOLD = col("position") != _POSITION_OF_OVERSOLD
_KEPT = (
    "position", "gap", "class", "subject", "detail",
    pl.when(col("gap").is_in(_ALONE))
    .then(pl.lit([], dtype=pl.List(pl.String)))
    .otherwise("evidence")
    .alias("evidence"),
    col("gap").is_in(_ALONE).alias("alone"),
)  # fmt: skip
"""of a gap in a template"""


def chains_of(listings: pl.DataFrame, templates: Templates, rows: Rows) -> pl.DataFrame:
    """The chain of each listing by its template, `rows` of `templates.each`: what `assess` makes of the same facts, the
    columns of `Assessment.chains`.
    """
    each = templates.each[_APPLIED][rows]
    # polars panics in a text function over some columns of several chunks
    whole = listings[list(_OF_LISTING)].rechunk()
    made = whole.hstack(each).lazy().with_columns(_MADE).with_columns(_BY_OVERSOLD).collect()
    return made.hstack(_gaps(made, templates, rows))[_COLUMNS]


_MADE = (
    evidence_expr("listing").alias("listing_event"),
    (col("sold_30d") > col("received")).fill_null(value=False).alias("oversold"),
    col("occurred_at").alias("listed_at"),
)
_BY_OVERSOLD = pl.when("oversold").then(pl.lit(_OVERSOLD.class_)).otherwise("verdict").alias("verdict")
_OWN_EVIDENCE = pl.when("alone").then(ALONE).otherwise("evidence").alias("evidence")
_SAID_OF_OVERSOLD = said_of(_OVERSOLD)
_NO_GAPS = tuple(pl.lit([], dtype=dtype).alias(name) for name, dtype in _GAP_LISTS.items())


def _gaps(made: pl.DataFrame, templates: Templates, rows: Rows) -> pl.DataFrame:
    """`gaps` and `gap_names` of each row of `made`."""
    parts = []
    has = made["oversold"].to_numpy().copy()
    (over,) = has.nonzero()
    count = made["gap_count"].to_numpy()
    if count.any():
        row, which = _spread(made["first_gap"].to_numpy(), count)
        of_template = templates.gaps[which].hstack([pl.Series("row", row, dtype=pl.UInt32), made["listing_event"][row]])
        parts.append(of_template.lazy().select("row", "position", "gap", "class", "subject", "detail", _OWN_EVIDENCE))
        has |= count > 0
    if len(over):
        receipts = templates.each["receipts"][rows[over]]
        oversold = made[over].hstack([pl.Series("row", over, dtype=pl.UInt32), receipts])
        parts.append(oversold.lazy().select("row", *_SAID_OF_OVERSOLD))
    # half of what a join of all rows to the found ones takes
    without = pl.LazyFrame({"row": pl.Series((~has).nonzero()[0], dtype=pl.UInt32)}).with_columns(_NO_GAPS)
    if not parts:
        return without.select(*_GAP_LISTS).collect()
    members = parts[0] if len(parts) == 1 else pl.concat(parts).sort("row", "position")
    every: pl.DataFrame = pl.concat([list_gaps(members), without]).sort("row").select(*_GAP_LISTS).collect()
    return every
