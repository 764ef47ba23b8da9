"""Updates facts where records changed, and collects the listings that must be assessed again for it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from suyuan.domain.facts.custody import custody
from suyuan.domain.facts.lot import LotFacts, quality_anew, summarise_lot
from suyuan.domain.facts.producer import summarise_licence, summarise_producer
from suyuan.domain.facts.seller import summarise_seller
from suyuan.domain.keys import join_key
from suyuan.domain.records import Entity, Inspection, Licence, Lot, Penalty, Recall, Shipment, decode_record
from suyuan.streams.stage import Block, StageContext, StateView
from suyuan.streams.stages.backlog import Task
from suyuan.streams.stages.producer.dirty_facts import DirtyFacts
from suyuan.streams.stages.producer.due import Due
from suyuan.streams.stages.producer.kept import item_facts, kept_record, kept_records
from suyuan.streams.stages.producer.keys import (
    ABSENT,
    ASKED,
    DAY,
    DAY_BEFORE,
    ItemKey,
    LotKey,
    is_record,
    name,
    parts,
    prefix,
)
from suyuan.streams.stages.producer.lineage import Cause
from suyuan.streams.stages.producer.sellers import Sellers
from suyuan.streams.stages.producer.taints import Taints

SCAN_ROWS = 1000
DUE_ROWS = 8
"""a lot that is due costs as much as this many listings"""


class FactUpdater:
    """Summarises the dirty facts of one block. `tasks`: the listings to be assessed again. In a redelivered block facts
    count as changed even where they are what they were.
    """

    def __init__(self, block: Block, state: StateView, context: StageContext) -> None:
        self.state = state
        self.redelivered = block.redelivered
        self._places = context.places
        self.tasks: list[Task] = []
        self.due = Due(block, state)
        self.taints = Taints(block, state, context, self.due)
        self.sellers = Sellers(block, state, context)
        self._recalls: dict[ItemKey, list[Recall]] = {}

    def summarise(self, dirty: DirtyFacts) -> None:
        """Summarise all dirty facts. Recalls are ended before the lots that they tainted."""
        if dirty.days:
            self._turn_day(*max(dirty.days))
        for licence_no, received_at in dirty.licences.items():
            self._licence(licence_no, received_at)
        for code, received_at in dirty.producers.items():
            self._producer(code, received_at)
        for code, received_at in dirty.sellers.items():
            self._seller(code, received_at)
        for item, received_at in dirty.items.items():
            self._item(item, received_at)
        for recall, narrowed in dirty.recalls.items():
            if narrowed:
                self.taints.end(Cause("recalled", recall), dirty.items[recall[:2]])
            elif self.redelivered:
                self.taints.end_again(Cause("recalled", recall), dirty.items[recall[:2]])
        for lot, received_at in dirty.tainted.items():
            self.due.add(lot, received_at)
        for lot, received_at in dirty.lots.items():
            self._lot(lot, received_at)
        for lot in dirty.inputs:
            self.taints.follow_inputs(lot, dirty.lots[lot])

    def hear_sellers(self) -> None:
        """Take in one block of `producer.seller`."""
        for code, received_at in self.sellers.hear().items():
            self._sold(code, received_at)

    def work_off(self, rows: int) -> None:
        """Summarise as many of the lots that are due as cost as much as `rows` listings; one at least."""
        for lot, received_at in self.due.work_off(max(1, rows // DUE_ROWS)):
            self._taints(lot, received_at)

    def _changed(self, key: bytes, value: bytes) -> bool:
        if self.state.get(key) == value:
            return self.redelivered
        self.state.put(key, value)
        return True

    def _again(self, reason: str, received_at: int, *key: str) -> None:
        self.tasks.append(Task(prefix("listing", *key), reason, received_at))

    def _sold(self, code: str, received_at: int) -> None:
        self._places.forget_seller(code)
        self.tasks.append(Task(prefix("sells", code), "seller", received_at))

    def _turn_day(self, day: str, received_at: int) -> None:
        """Lots that expire between the day before this one and it (exclusive) are expired now."""
        held = (self.state.get(DAY) or b"").decode()
        if day < held or (day == held and not self.redelivered):
            return
        before = held
        if self.redelivered:  # the state may have come to `held` by this very block, and not have told of it
            before = (self.state.get(DAY_BEFORE) or b"").decode()
        self.state.put(DAY_BEFORE, before.encode())
        self.state.put(DAY, day.encode())
        after = name("expiry", before)
        while found := self.state.scan(prefix("expiry"), after, SCAN_ROWS):
            for key, _ in found:
                _, expires_on, *lot = parts(key)
                if expires_on >= day:
                    return
                self._again("day", received_at, *lot)
            after = found[-1][0]

    def _licence(self, licence_no: str, received_at: int) -> None:
        value = self.state.get(name("licence", licence_no))
        facts = ABSENT
        if value is not None and is_record(value):
            record = decode_record("licence", value)
            assert isinstance(record, Licence)  # noqa: S101 -- narrows the union for the type checker
            facts = summarise_licence(record).to_json()
        if self._changed(name("facts-licence", licence_no), facts):
            self._places.forget_licence(licence_no)
            for key, _ in self.state.scan(prefix("named", licence_no)):
                self._again("licence", received_at, *parts(key)[2:])

    def _producer(self, code: str, received_at: int) -> None:
        entity = kept_record(self.state, "entity", Entity, "entity", code)
        licences = kept_records(self.state, "licence", Licence, "holding", code)
        facts = summarise_producer(code, entity, licences)
        if self._changed(name("facts-producer", code), facts.to_json()):
            self._places.forget_producer(code)
            self._again("producer", received_at, code)

    def _seller(self, code: str, received_at: int) -> None:
        entity = kept_record(self.state, "entity", Entity, "entity", code)
        penalties = kept_records(self.state, "penalty", Penalty, "penalty", code)
        if self._changed(name("facts-seller", code), summarise_seller(entity, penalties)):
            self.sellers.tell(code, received_at)
            self._sold(code, received_at)

    def _item(self, item: ItemKey, received_at: int) -> None:
        product = self.state.get(name("product", item[1]))
        if product is None or product == ASKED:
            return  # nobody lists it yet, or its home has not answered: summarised when either happens
        self.state.put(name("maker", item[1], item[0]), b"")
        if self._changed(name("facts-item", *item), item_facts(self.state, item)):
            self._places.forget_item(*item)
            self._again("item", received_at, *item)

    def _lot(self, lot: LotKey, received_at: int) -> None:
        record = kept_record(self.state, "lot", Lot, "lot", *lot)
        shipments = kept_records(self.state, "shipment", Shipment, "shipment", *lot)
        inspections = kept_records(self.state, "inspection", Inspection, "inspection", *lot)
        recalls = self._recalls_of(lot[:2])
        taints = self.taints.update(lot, record, inspections, recalls, received_at)
        facts = summarise_lot(join_key(*lot), record, shipments, inspections, recalls, taints)
        if self._changed(name("facts-lot", *lot), facts.to_json()):
            self._places.forget_lot(*lot)
            self._again("lot", received_at, *lot)
        self._custody(lot, shipments, received_at)

    def _taints(self, lot: LotKey, received_at: int) -> None:
        """Update no more than recalls and taints of a lot that was summarised before: it may have been shipped a
        hundred thousand times.
        """
        known = self.state.get(name("facts-lot", *lot))
        if known is None:
            self._lot(lot, received_at)
            return
        record = kept_record(self.state, "lot", Lot, "lot", *lot)
        inspections = kept_records(self.state, "inspection", Inspection, "inspection", *lot)
        recalls = self._recalls_of(lot[:2])
        taints = self.taints.update(lot, record, inspections, recalls, received_at)
        facts = quality_anew(_decode_facts(known), inspections, recalls, taints)
        if self._changed(name("facts-lot", *lot), facts.to_json()):
            self._places.forget_lot(*lot)
            self._again("lot", received_at, *lot)

    def _recalls_of(self, item: ItemKey) -> list[Recall]:
        if item not in self._recalls:
            self._recalls[item] = kept_records(self.state, "recall", Recall, "recall", *item)
        return self._recalls[item]

    def _custody(self, lot: LotKey, shipments: Sequence[Shipment], received_at: int) -> None:
        facts = custody(join_key(*lot), lot[0], shipments)
        for key, _ in self.state.scan(prefix("facts-custody", *lot)):
            holder = parts(key)[4]
            if holder not in facts:
                self.state.delete(key)
                self._places.forget_lot(*lot)
                self._again("custody", received_at, *lot, holder)
        for holder, held in facts.items():
            if self._changed(name("facts-custody", *lot, holder), held.to_json()):
                self._places.forget_lot(*lot)
                self._again("custody", received_at, *lot, holder)


_decode_facts = msgspec.json.Decoder(LotFacts).decode
