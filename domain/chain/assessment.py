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
from suyuan.domain.chain.gaps import GAPS
from suyuan.domain.chain.joined import join_facts
from suyuan.domain.chain.listed import listed
from suyuan.domain.chain.nodes import AFTER, BEFORE, parties_of, with_platform
from suyuan.domain.chain.verdict import VERDICT, found_gaps
from suyuan.domain.facts.custody import Hop

GAP = pl.Struct(
    {
        "gap": pl.String(),
        "class": pl.String(),
        "subject": pl.String(),
        "detail": pl.String(),
        "evidence": pl.List(pl.String()),
    }
)
HOPS = pl.List(Hop.DTYPE)

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


_PARTIES = pl.struct(
    *(
        part.alias(f"{part.meta.output_name()}{number}")
        for number, node in enumerate((*BEFORE, *AFTER))
        for part in node[1:]
        if part.meta.root_names()
    ),
    "hops",
).struct.json_encode()
"""all that nodes and hops are made of, holders being on the hops; as JSON, since names may hold any character"""


@dataclass(frozen=True, slots=True)
class Assessment:
    """`chains`: one per listing, in the rows' order, the columns of the block schema `chain` but `as_of` and
    `assessment`, which the caller adds.
    """

    chains: pl.DataFrame
    joined: pl.DataFrame
    """what the chains follow from: the columns of `joined.py`, `hops` being those of the chain"""
    found: pl.DataFrame
    """which gaps each has: the columns of `verdict.found_gaps`"""

    def parties(self, rows: list[int]) -> pl.DataFrame:
        """The parties of some of the chains: columns of the block schema `chain_parties`."""
        joined = self.joined[rows].drop("row").with_row_index("row")
        return pl.DataFrame([self.chains["parties"][rows], parties_of(joined).alias("nodes"), joined["hops"]])

    def whole(self) -> pl.DataFrame:
        """The chains with `nodes` and `hops` instead of the name of these."""
        nodes = with_platform(self.joined, parties_of(self.joined)).alias("nodes")
        return self.chains.drop("parties").with_columns(nodes, self.joined["hops"])


def assess(listings: pl.DataFrame, facts: Facts) -> Assessment:
    """Assess listings.

    `listings`: columns of the block schema `listing`, seller facts attached, codes and gtins in normal form, times as
    Int64 ms since the epoch.
    """
    joined = join_facts(listings, facts).with_columns(hops=_hops())
    found = found_gaps(joined)
    gaps = _gaps(joined, found)
    verdict = found.select(verdict=VERDICT).to_series()
    chains = joined.with_columns(
        pl.when(col("status") == "active").then(verdict).otherwise(pl.lit("removed")).alias("verdict"),
        gaps.alias("gaps"),
        gaps.list.eval(pl.element().struct.field("gap").sort()).alias("gap_names"),
        _names(joined).alias("parties"),
    ).select(COLUMNS)
    return Assessment(chains, joined, found)


def _names(joined: pl.DataFrame) -> pl.Series:
    """By what the parties of each row are: 128 bits, so nobody makes others' that have the same."""
    made_of = joined.lazy().select(_PARTIES.cast(pl.Binary)).collect().to_series()
    return pl.Series([blake2b(text, digest_size=16).hexdigest() for text in made_of], dtype=pl.String)


def _hops() -> pl.Expr:
    """Expression for the custody path, where the custody group is run; else the empty list."""
    asked = (col("status") == "active") & col("lot_known") & ~col("sold_by_producer")
    empty = pl.lit(pl.Series([[]], dtype=HOPS))
    return pl.when(asked & col("hops").is_not_null()).then("hops").otherwise(empty)


def _gaps(joined: pl.DataFrame, found: pl.DataFrame) -> pl.Series:
    """List(GAP) per row, in the order of the table. Texts are made only for rows that have a gap."""
    members = [
        # in one chunk: concat_str of polars 2.1 panics on chunked columns taken out of lists of structs
        pl.DataFrame([joined[name].filter(found[gap.gap]) for name in ("row", *gap.columns)])
        .rechunk()
        .lazy()
        .select(
            "row",
            pl.lit(gap.gap).alias("gap"),
            pl.lit(gap.class_).alias("class"),
            gap.subject.alias("subject"),
            gap.detail.alias("detail"),
            gap.evidence.alias("evidence"),
        )
        for gap in GAPS
        if found[gap.gap].any()
    ]
    return listed(joined.height, members, GAP)
