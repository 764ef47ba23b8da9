"""Chains assessed from current records alone, without any state kept from before.

The streams come to the same result event by event, in any order of arrival. So a chain can be checked by assessing it
anew.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import polars as pl

from suyuan.domain.chain.assessment import assess
from suyuan.domain.chain.facts import Facts, facts_frame
from suyuan.domain.facts.custody import CustodyFacts, custody
from suyuan.domain.facts.genealogy import inherited_taints, inputs_of
from suyuan.domain.facts.item import ItemFacts, summarise_item
from suyuan.domain.facts.lineage import Taint, own_taints
from suyuan.domain.facts.lot import LotFacts, summarise_lot
from suyuan.domain.facts.producer import LicenceFacts, ProducerFacts, summarise_licence, summarise_producer
from suyuan.domain.facts.quality import gravest, latest
from suyuan.domain.facts.seller import SELLER, summarise_seller
from suyuan.domain.identifiers.gtin import gtin_columns
from suyuan.domain.identifiers.uscc import uscc_faults
from suyuan.domain.keys import join_key, split_key
from suyuan.domain.records import Entity, Inspection, Licence, Lot, Penalty, Product, Recall, Shipment

R = TypeVar("R")
K = TypeVar("K", bound=Hashable)
Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CurrentRecords:
    """The current record of each business key: at least all that the listings rest on, with every lot that went into
    theirs; further ones do no harm. `today`: the greatest `day` event.
    """

    entities: Sequence[Entity] = ()
    licences: Sequence[Licence] = ()
    products: Sequence[Product] = ()
    lots: Sequence[Lot] = ()
    shipments: Sequence[Shipment] = ()
    inspections: Sequence[Inspection] = ()
    recalls: Sequence[Recall] = ()
    penalties: Sequence[Penalty] = ()
    today: dt.date | None = None


def chains_anew(listings: pl.DataFrame, records: CurrentRecords) -> pl.DataFrame:
    """One whole chain per listing, in order: the columns of the block schema `chain`, with `nodes` and `hops`.

    `listings`: the fields of current listing events in normal form, with `received_at` and `revision`.
    """
    known = _ByName(records)
    return assess(_with_seller(listings, known), _facts(listings, known)).whole()


class _ByName:
    """The records by their subject."""

    def __init__(self, records: CurrentRecords) -> None:
        self.today = records.today
        self.entities = {record.code: record for record in records.entities}
        self.licences = {record.licence_no: record for record in records.licences}
        self.held = _grouped(records.licences, lambda record: record.holder_code)
        self.products = {record.gtin: record for record in records.products}
        self.lots = {join_key(*_lot(record)): record for record in records.lots}
        self.shipments = _grouped(records.shipments, lambda record: join_key(*_lot(record)))
        self.inspections = _grouped(records.inspections, _inspected)
        self.recalls = _grouped(records.recalls, _recalled)
        self.penalties = _grouped(records.penalties, lambda record: record.subject_code)
        self._own: dict[str, tuple[Taint, ...]] = {}

    def inputs(self, lot_key: str) -> list[str]:
        return inputs_of(self.lots.get(lot_key))

    def own_taints(self, lot_key: str) -> tuple[Taint, ...]:
        if lot_key not in self._own:
            producer_code, gtin, lot = split_key(lot_key)
            recalls = self.recalls.get((producer_code, gtin), [])
            covering = gravest(recall for recall in recalls if not recall.lots or lot in recall.lots)
            inspection = latest(self.inspections.get((producer_code, gtin, lot), []))
            self._own[lot_key] = own_taints(lot_key, covering, inspection)
        return self._own[lot_key]


def _lot(record: Lot | Shipment) -> Names:
    return record.producer_code, record.gtin, record.lot


def _recalled(record: Recall) -> Names:
    return record.producer_code, record.gtin


def _inspected(record: Inspection) -> Names:
    item = (record.producer_code, record.gtin)
    return item if record.lot is None else (*item, record.lot)


def _grouped(records: Iterable[R], key: Callable[[R], K]) -> dict[K, list[R]]:
    groups: defaultdict[K, list[R]] = defaultdict(list)
    for record in records:
        groups[key(record)].append(record)
    return dict(groups)


def _with_seller(listings: pl.DataFrame, known: _ByName) -> pl.DataFrame:
    """The listings as the stages assess them: with faults of their codes, and the facts of their sellers."""
    rows = listings.with_columns(gtin_valid=gtin_columns(listings["gtin"])[1])
    facts = [
        summarise_seller(known.entities.get(code), known.penalties.get(code, [])) for code in listings["seller_code"]
    ]
    told = pl.Series("facts", facts, dtype=pl.Binary).cast(pl.String).str.json_decode(SELLER).struct.unnest()
    return pl.concat([rows, told], how="horizontal").with_columns(
        seller_code_fault=uscc_faults(rows["seller_code"]), producer_code_fault=uscc_faults(rows["producer_code"])
    )


def _facts(listings: pl.DataFrame, known: _ByName) -> Facts:
    codes = _named(listings, "producer_code")
    items = _named(listings, "producer_code", "gtin")
    lots = _named(listings, "producer_code", "gtin", "lot")
    held_by = _named(listings, "producer_code", "gtin", "lot", "seller_code")
    numbers = _named(listings, "licence_no")
    return Facts(
        producers=facts_frame(
            ProducerFacts,
            [
                summarise_producer(code, known.entities.get(code), known.held.get(code, [])).to_json()
                for (code,) in codes
            ],
        ),
        items=facts_frame(ItemFacts, [_item(item, known).to_json() for item in items]),
        lots=facts_frame(LotFacts, [_lot_facts(lot, known).to_json() for lot in lots]),
        custody=facts_frame(CustodyFacts, [facts.to_json() for facts in _custody(held_by, known)]),
        licences=facts_frame(
            LicenceFacts,
            [summarise_licence(known.licences[number]).to_json() for (number,) in numbers if number in known.licences],
        ),
        today=known.today,
    )


def _named(listings: pl.DataFrame, *columns: str) -> list[Names]:
    """What listings name, each once. Listings that leave out a part of it are passed over."""
    return listings.select(columns).drop_nulls().unique(maintain_order=True).rows()


def _item(item: Names, known: _ByName) -> ItemFacts:
    producer_code, gtin = item
    return summarise_item(
        producer_code,
        gtin,
        known.products.get(gtin),
        known.inspections.get(item, []),
        known.recalls.get(item, []),
    )


def _lot_facts(lot: Names, known: _ByName) -> LotFacts:
    key = join_key(*lot)
    return summarise_lot(
        key,
        known.lots.get(key),
        known.shipments.get(key, []),
        known.inspections.get(lot, []),
        known.recalls.get(lot[:2], []),
        inherited_taints(key, known.inputs, known.own_taints),
    )


def _custody(held_by: Iterable[Names], known: _ByName) -> Iterator[CustodyFacts]:
    """Custody facts of the sellers that were sent some of a lot; the search is made once for all sellers of the lot."""
    for lot, names in _grouped(held_by, lambda name: name[:3]).items():
        holders = custody(join_key(*lot), lot[0], known.shipments.get(join_key(*lot), []))
        yield from (holders[seller] for *_, seller in names if seller in holders)
