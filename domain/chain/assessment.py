"""From listings and facts to chains: verdict, gaps, nodes and hops, in columns.

Nodes and hops, a chain's parties, are the same for every listing of one seller's that rests on the same facts. So they
have a name by what they are, and are made only where they are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import polars as pl

from suyuan.domain.chain.divisions import division_of
from suyuan.domain.chain.facts import Facts
from suyuan.domain.chain.gaps import GAPS, Gap
from suyuan.domain.chain.joined import join_facts
from suyuan.domain.chain.nodes import AFTER, BEFORE, parties_of, with_platform
from suyuan.domain.chain.verdict import found_gaps, unless_removed

GAP = pl.Struct(
    {
        "gap": pl.String(),
        "class": pl.String(),
        "subject": pl.String(),
        "detail": pl.String(),
        "evidence": pl.List(pl.String()),
    }
)

col = pl.col

COLUMNS: tuple[str | pl.Expr, ...] = (
    "platform_code",
    "listing_id",
    "verdict",
    "status",
    "title",
    "category",
    "url",
    "seller_code",
    "producer_code",
    "producer_name",
    "gtin",
    "lot",
    "licence_no",
    "price_fen",
    "sold_30d",
    col("occurred_at").alias("listed_at"),
    "listing_event",
    "gap_names",
    "gaps",
    "parties",
    "seller_status",
    "producer_status",
    division_of(col("seller_code"), col("seller_division")).alias("seller_division"),
    division_of(col("producer_code"), col("producer_division")).alias("producer_division"),
    "seller_penalties",
    col("recall").struct.field("level").alias("recall_level"),
    "received_at",
    "revision",
)


_PARTIES = (
    pl.struct(
        *(
            part.alias(f"{part.meta.output_name()}{number}")
            for number, node in enumerate((*BEFORE, *AFTER))
            for part in node[1:]
            if part.meta.root_names()
        ),
        "hops",
    )
    .struct.json_encode()
    .cast(pl.Binary)
)
"""all that nodes and hops are made of, holders being on the hops; as JSON, since names may hold any character"""


_COLUMNS_BY_NAME = {column if isinstance(column, str) else column.meta.output_name(): column for column in COLUMNS}
_GAP_FIELDS = [field.name for field in GAP.fields]
_LISTED_GAPS = {"gaps": pl.List(GAP), "gap_names": pl.List(pl.String)}
_GAPS = pl.Schema({"row": pl.UInt32(), "position": pl.UInt8(), **GAP.to_schema()})


def chain_columns(*names: str) -> list[str | pl.Expr]:
    """Some of COLUMNS, over the columns of `Assessment.joined`."""
    return [_COLUMNS_BY_NAME[name] for name in names]


def said_of(gap: Gap) -> tuple[pl.Expr, ...]:
    """What a chain says of a gap that it has: `position` in the table, and the fields of GAP."""
    return (
        pl.lit(GAPS.index(gap), dtype=pl.UInt8).alias("position"),
        pl.lit(gap.gap).alias("gap"),
        pl.lit(gap.class_).alias("class"),
        gap.subject.alias("subject"),
        gap.detail.alias("detail"),
        gap.evidence.alias("evidence"),
    )


_SAID = [(gap.gap, ("row", *gap.columns), said_of(gap)) for gap in GAPS]


@dataclass(frozen=True, slots=True)
class Assessment:
    """What was found out of listings; the rows of `joined` and `found` are in their order."""

    joined: pl.DataFrame
    """what the chains follow from: the columns of `joined.py`, and `parties`, the name of what the parties are"""
    found: pl.DataFrame
    """which gaps each has, and the verdict of active ones: the columns of `verdict.found_gaps`"""
    gaps: pl.DataFrame
    """one row for each gap that a listing has, in the order of the table: `row` of `joined`, `position` in the table,
    and the fields of GAP"""

    @property
    def chains(self) -> pl.DataFrame:
        """One per listing: the columns of the block schema `chain` but `as_of` and `assessment`, which the caller
        adds.
        """
        listed = list_gaps(self.gaps.lazy())
        found: pl.DataFrame = (
            self.joined.lazy()
            .with_columns(unless_removed(pl.lit(self.found["verdict"])).alias("verdict"))
            .join(listed, on="row", how="left", maintain_order="left")
            .with_columns(col(name).fill_null(pl.lit([], dtype=dtype)) for name, dtype in _LISTED_GAPS.items())
            .select(COLUMNS)
            .collect()
        )
        return found

    def parties(self, rows: list[int]) -> pl.DataFrame:
        """The parties of some of the chains: columns of the block schema `chain_parties`."""
        joined = self.joined[rows]
        return pl.DataFrame([joined["parties"], parties_of(joined).alias("nodes"), joined["hops"]])

    def whole(self) -> pl.DataFrame:
        """The chains with `nodes` and `hops` instead of the name of these."""
        nodes = with_platform(self.joined, parties_of(self.joined)).alias("nodes")
        return self.chains.drop("parties").with_columns(nodes, self.joined["hops"])


def assess(listings: pl.DataFrame, facts: Facts) -> Assessment:
    """Assess listings.

    `listings`: columns of the block schema `listing`, seller facts attached, codes and gtins in normal form, times as
    Int64 ms since the epoch.
    """
    joined = join_facts(listings, facts)
    found = found_gaps(joined)
    return Assessment(joined.hstack([_names(joined)]), found, _gaps(joined, found))


def list_gaps(gaps: pl.LazyFrame) -> pl.LazyFrame:
    """For each `row` that has gaps: `gaps`, List(GAP) in their order, and `gap_names`, sorted. `gaps`: columns `row`
    and the fields of GAP.
    """
    return gaps.group_by("row", maintain_order=True).agg(gaps=pl.struct(_GAP_FIELDS), gap_names=col("gap").sort())


def _names(joined: pl.DataFrame) -> pl.Series:
    """By what the parties of each row are: 128 bits, so nobody makes others' that have the same."""
    made_of = joined.lazy().select(_PARTIES).collect().to_series()
    return pl.Series("parties", [blake2b(text, digest_size=16).hexdigest() for text in made_of], dtype=pl.String)


def _gaps(joined: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Those of all rows, in the order of the table. Texts are made only for rows that have a gap."""
    members = [
        # in one chunk: concat_str of polars 2.1 panics on chunked columns taken out of lists of structs
        pl.DataFrame([joined[name].filter(found[gap]) for name in columns]).rechunk().lazy().select("row", *said)
        for gap, columns, said in _SAID
        if found[gap].any()
    ]
    return pl.concat(members, parallel=False).collect() if members else pl.DataFrame(schema=_GAPS)
