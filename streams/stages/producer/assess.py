"""Listings joined to the facts that a partition has, by column: chains."""

from __future__ import annotations

import datetime as dt

import polars as pl

from suyuan.domain.chain.facts import Facts
from suyuan.domain.facts.custody import CustodyFacts
from suyuan.domain.facts.item import ItemFacts
from suyuan.domain.facts.lot import LotFacts
from suyuan.domain.facts.producer import LicenceFacts, ProducerFacts
from suyuan.domain.facts.stored import Stored
from suyuan.domain.keys import SEPARATOR
from suyuan.streams.stage import Block, Output, StageContext, StateView
from suyuan.streams.stages.listing_rows import LISTING_KEY_EXPR
from suyuan.streams.stages.producer.decoded import Decoded
from suyuan.streams.stages.producer.keys import DAY
from suyuan.streams.stages.producer.listings import LOT
from suyuan.streams.stages.producer.lookups import ITEM, RecordLookups
from suyuan.streams.stages.producer.numbers import take_numbers
from suyuan.streams.stages.producer.seller_lookups import SellerLookups
from suyuan.streams.stages.producer.visits import Visits

HELD = (*LOT, "seller_code")


def assess_listings(rows: pl.DataFrame, block: Block, state: StateView, context: StageContext) -> list[Output]:
    """The `chain` of each listing in `rows` (block schema `listing`), with `as_of`, `assessment` and `route`, before it
    the parties that it names and that were not sent lately, and the questions for missing records and sellers. Listings
    that name a product, a licence or a seller whose home has not answered yet are left out: the answer has them
    assessed. So no alert is raised for a record that only has not arrived.
    """
    lookups, sellers = RecordLookups(block, state, context), SellerLookups(block, state, context)
    if rows.is_empty():
        return lookups.questions() + sellers.questions()
    day = state.get(DAY)
    visits = Visits(rows, dt.date.fromisoformat(day.decode()) if day else None, block, context)
    parties = _learn(visits, lookups, sellers, state)
    asked = lookups.questions() + sellers.questions()
    chains = visits.chains()
    if chains.is_empty():
        return asked
    number = take_numbers(len(chains), state, context)
    chains = chains.with_columns(
        as_of=pl.lit(block.timestamp, pl.Int64),
        assessment=pl.int_range(number, number + pl.len(), dtype=pl.Int64),
        route=LISTING_KEY_EXPR,
    )
    return [*asked, *parties, Output("chain", chains, key="route")]


def _learn(visits: Visits, lookups: RecordLookups, sellers: SellerLookups, state: StateView) -> list[Output]:
    """Assess what has no template and can be assessed now. Returns the parties to be sent."""
    rows = visits.to_assess()
    if rows.is_empty():
        return []
    named = _named(rows)
    producers, items = _facts(named, state, ProducerFacts), _facts(named, state, ItemFacts)
    licences = _facts(named, state, LicenceFacts)
    sellers.look_up(rows["seller_code"])
    rows = sellers.attached(lookups.answered(rows, producers, items, licences))
    if rows.is_empty():
        return []
    facts = Facts(
        producers=producers,
        items=_facts(named, state, ItemFacts) if lookups.summarised else items,
        lots=_facts(named, state, LotFacts),
        custody=_facts(named, state, CustodyFacts),
        licences=licences,
        today=visits.today,
    )
    return visits.learn(rows, facts)


def _named(rows: pl.DataFrame) -> pl.DataFrame:
    """State keys of the facts that each row rests on, a column per kind of facts; null where it names none."""
    return rows.select(
        pl.concat_str(pl.lit(word), *names, separator=SEPARATOR).cast(pl.Binary).alias(of.__name__)
        for of, (word, names) in _KEYS.items()
    )


def _facts(named: pl.DataFrame, state: StateView, of: type[Stored]) -> pl.DataFrame:
    """The facts of kind `of` that there are, each once: the columns of `of.DTYPE`."""
    keys = [key for key in dict.fromkeys(named[of.__name__].to_list()) if key is not None]
    return _DECODED[of].rows([value for value in state.get_many(keys) if value])


_KEYS: dict[type[Stored], tuple[str, tuple[str, ...]]] = {
    ProducerFacts: ("facts-producer", ("producer_code",)),
    ItemFacts: ("facts-item", ITEM),
    LotFacts: ("facts-lot", LOT),
    CustodyFacts: ("facts-custody", HELD),
    LicenceFacts: ("facts-licence", ("licence_no",)),
}
"""what the state key of facts begins with, and the columns of a listing that name them"""
_DECODED: dict[type[Stored], Decoded] = {of: Decoded(of.DTYPE) for of in _KEYS}
