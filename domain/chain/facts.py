"""The facts that an assessment joins to listings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from suyuan.domain.facts.custody import CustodyFacts
from suyuan.domain.facts.item import ItemFacts
from suyuan.domain.facts.lot import LotFacts
from suyuan.domain.facts.producer import LicenceFacts, ProducerFacts
from suyuan.domain.facts.stored import Stored


def facts_frame(facts: type[Stored], values: Sequence[str | bytes | None] = ()) -> pl.DataFrame:
    """Stored facts as a frame with the columns of `facts.DTYPE`, one row per value; None (nothing stored) makes no
    row.
    """
    texts = [value.decode() if isinstance(value, bytes) else value for value in values if value is not None]
    return pl.Series(texts, dtype=pl.String).str.json_decode(facts.DTYPE).struct.unnest()


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts by kind, as frames that `facts_frame` makes, one row per key; what is not there is taken as unknown."""

    producers: pl.DataFrame = field(default_factory=lambda: facts_frame(ProducerFacts))
    """by code"""
    items: pl.DataFrame = field(default_factory=lambda: facts_frame(ItemFacts))
    """by producer_code, gtin"""
    lots: pl.DataFrame = field(default_factory=lambda: facts_frame(LotFacts))
    """by producer_code, gtin, lot"""
    custody: pl.DataFrame = field(default_factory=lambda: facts_frame(CustodyFacts))
    """by producer_code, gtin, lot, seller_code"""
    licences: pl.DataFrame = field(default_factory=lambda: facts_frame(LicenceFacts))
    """by licence_no"""
    today: dt.date | None = None
    """the greatest `day` event so far"""
