"""Listings joined to the facts that a partition has, by column: chains."""

from __future__ import annotations

import datetime as dt

import polars as pl

from suyuan.domain.chain.assessment import assess
from suyuan.domain.chain.facts import Facts
from suyuan.domain.facts.custody import CustodyFacts
from suyuan.domain.facts.item import ItemFacts
from suyuan.domain.facts.lot import LotFacts
from suyuan.domain.facts.producer import LicenceFacts, ProducerFacts
from suyuan.domain.facts.stored import Stored
from suyuan.domain.keys import SEPARATOR
from suyuan.streams.stage import Block, Emit, StageContext, StateView
from suyuan.streams.stages.listing_rows import keys
from suyuan.streams.stages.producer.answers import ITEM, Answers
from suyuan.streams.stages.producer.decoded import Decoded
from suyuan.streams.stages.producer.keys import COUNT, DAY

LOT = (*ITEM, "lot")
HELD = (*LOT, "seller_code")
EPOCH_SHIFT = 40


def assess_listings(rows: pl.DataFrame, block: Block, state: StateView, context: StageContext) -> list[Emit]:
    """Chains of the rows that a block leads to. Rows that name a product or a licence whose home has not answered yet
    are left out: the answer assesses them, and so nobody is alarmed by what only has not arrived.
    """
    answers = Answers(block, state, context)
    if rows.is_empty():
        return answers.questions()
    producers = _facts(rows, state, "facts-producer", ("producer_code",), ProducerFacts)
    items = _facts(rows, state, "facts-item", ITEM, ItemFacts)
    licences = _facts(rows, state, "facts-licence", ("licence_no",), LicenceFacts)
    rows = answers.answered(rows, producers, items, licences)
    asked = answers.questions()
    if rows.is_empty():
        return asked
    day = state.get(DAY)
    facts = Facts(
        producers=producers,
        items=_facts(rows, state, "facts-item", ITEM, ItemFacts) if answers.summarised else items,
        lots=_facts(rows, state, "facts-lot", LOT, LotFacts),
        custody=_facts(rows, state, "facts-custody", HELD, CustodyFacts),
        licences=licences,
        today=dt.date.fromisoformat(day.decode()) if day else None,
    )
    chains = assess(rows, facts)
    first = int(state.get(COUNT) or b"0") + 1
    state.put(COUNT, str(first + len(chains)).encode())
    number = (context.epoch << EPOCH_SHIFT) + first
    chains = chains.with_columns(
        as_of=pl.lit(block.timestamp, pl.Int64),
        assessment=pl.int_range(number, number + pl.len(), dtype=pl.Int64),
        route=pl.concat_str("platform_code", "listing_id", separator=SEPARATOR),
    )
    return [*asked, Emit("chain", chains, key="route")]


def _facts(rows: pl.DataFrame, state: StateView, word: str, names: tuple[str, ...], of: type[Stored]) -> pl.DataFrame:
    """The facts there are of the distinct keys of the rows."""
    named = rows.lazy().select(names).drop_nulls().unique(maintain_order=True)
    values = [value for value in state.get_many(keys(named.collect(), word, *names)) if value]
    return _DECODED[of].rows(values)


_DECODED: dict[type[Stored], Decoded] = {
    of: Decoded(of.DTYPE) for of in (ProducerFacts, ItemFacts, LotFacts, CustodyFacts, LicenceFacts)
}
