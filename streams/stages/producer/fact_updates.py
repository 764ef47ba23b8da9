"""Updates facts where records changed, and collects the listings that must be assessed again for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import compress

import msgspec

from suyuan.domain.facts.custody import custody
from suyuan.domain.facts.lot import LotFacts, quality_anew, summarise_lot
from suyuan.domain.facts.producer import summarise_licence, summarise_producer
from suyuan.domain.facts.seller import summarise_seller
from suyuan.domain.keys import join_key
from suyuan.domain.records import Entity, Inspection, Licence, Lot, Penalty, Recall, Shipment
from suyuan.streams.stage import Block, StageContext, StateView
from suyuan.streams.stages.backlog import Task
from suyuan.streams.stages.producer.dirty_facts import DirtyFacts
from suyuan.streams.stages.producer.due import Due
from suyuan.streams.stages.producer.kept import (
    facts_of_items,
    kept_below,
    kept_each,
    kept_record,
    kept_records,
    pairs_below,
)
from suyuan.streams.stages.producer.keys import (
    ABSENT,
    ASKED,
    DAY,
    DAY_BEFORE,
    ItemKey,
    LotKey,
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
        self._licences(dirty.licences)
        self._producers(dirty.producers)
        self._sellers(dirty.sellers)
        self._items(dirty.items)
        for recall, narrowed in dirty.recalls.items():
            if narrowed:
                self.taints.end(Cause("recalled", recall), dirty.items[recall[:2]])
            elif self.redelivered:
                self.taints.end_again(Cause("recalled", recall), dirty.items[recall[:2]])
        for lot, received_at in dirty.tainted.items():
            self.due.add(lot, received_at)
        self._lots(dirty.lots)
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

    def _changed(self, keys: Sequence[bytes], facts: Sequence[bytes]) -> list[bool]:
        """Keep facts under their keys. Returns of which there were others before."""
        before = self.state.get_many(keys)
        new = [now != known for now, known in zip(facts, before, strict=True)]
        self.state.put_many(list(compress(keys, new)), list(compress(facts, new)))
        return [self.redelivered] * len(keys) if self.redelivered else new

    def _is_other(self, key: bytes, facts: bytes) -> bool:
        """The same of one."""
        if self.state.get(key) == facts:
            return self.redelivered
        self.state.put(key, facts)
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

    def _licences(self, dirty: Mapping[str, int]) -> None:
        records = kept_each(self.state, "licence", Licence, [name("licence", number) for number in dirty])
        facts = [ABSENT if record is None else summarise_licence(record).to_json() for record in records]
        changed = self._changed([name("facts-licence", number) for number in dirty], facts)
        numbers = list(compress(dirty, changed))
        naming = pairs_below(self.state, [prefix("named", number) for number in numbers])
        for number, pairs in zip(numbers, naming, strict=True):
            self._places.forget_licence(number)
            for key, _ in pairs:
                self._again("licence", dirty[number], *parts(key)[2:])

    def _producers(self, dirty: Mapping[str, int]) -> None:
        entities = kept_each(self.state, "entity", Entity, [name("entity", code) for code in dirty])
        licences = kept_below(self.state, "licence", Licence, [prefix("holding", code) for code in dirty])
        facts = [summarise_producer(*each).to_json() for each in zip(dirty, entities, licences, strict=True)]
        for code in compress(dirty, self._changed([name("facts-producer", code) for code in dirty], facts)):
            self._places.forget_producer(code)
            self._again("producer", dirty[code], code)

    def _sellers(self, dirty: Mapping[str, int]) -> None:
        entities = kept_each(self.state, "entity", Entity, [name("entity", code) for code in dirty])
        penalties = kept_below(self.state, "penalty", Penalty, [prefix("penalty", code) for code in dirty])
        facts = [summarise_seller(*each) for each in zip(entities, penalties, strict=True)]
        changed = self._changed([name("facts-seller", code) for code in dirty], facts)
        told = dict(compress(dirty.items(), changed))
        self.sellers.tell(told)
        for code, received_at in told.items():
            self._sold(code, received_at)

    def _items(self, dirty: Mapping[ItemKey, int]) -> None:
        products = self.state.get_many([name("product", gtin) for _, gtin in dirty])
        # nobody lists the others yet, or their home has not answered: summarised when either happens
        items = [item for item, product in zip(dirty, products, strict=True) if product not in (None, ASKED)]
        keys = [name("facts-item", *item) for item in items]
        for item, known in zip(items, self.state.get_many(keys), strict=True):
            if known is None:
                self.state.put(name("maker", item[1], item[0]), b"")
        for item in compress(items, self._changed(keys, list(facts_of_items(self.state, items)))):
            self._places.forget_item(*item)
            self._again("item", dirty[item], *item)

    def _lots(self, dirty: Mapping[LotKey, int]) -> None:
        lots = list(dirty)
        self.taints.read_ahead(lots)
        keys = [name("facts-lot", *lot) for lot in lots]
        self.state.get_many(keys)  # at once: they are compared one by one
        records = kept_each(self.state, "lot", Lot, [name("lot", *lot) for lot in lots])
        shipments = kept_below(self.state, "shipment", Shipment, [prefix("shipment", *lot) for lot in lots])
        inspections = kept_below(self.state, "inspection", Inspection, [prefix("inspection", *lot) for lot in lots])
        told = pairs_below(self.state, [prefix("told", *lot) for lot in lots])
        held = pairs_below(self.state, [prefix("facts-custody", *lot) for lot in lots])
        self._read_recalls({lot[:2] for lot in lots})
        for lot, key, record, shipped, inspected, said, custodies in zip(
            lots, keys, records, shipments, inspections, told, held, strict=True
        ):
            recalls, received_at = self._recalls[lot[:2]], dirty[lot]
            taints = self.taints.update(lot, record, inspected, recalls, said, received_at)
            facts = summarise_lot(join_key(*lot), record, shipped, inspected, recalls, taints)
            if self._is_other(key, facts.to_json()):
                self._places.forget_lot(*lot)
                self._again("lot", received_at, *lot)
            self._custody(lot, shipped, dict(custodies), received_at)

    def _taints(self, lot: LotKey, received_at: int) -> None:
        """Update no more than recalls and taints of a lot that was summarised before: it may have been shipped a
        hundred thousand times.
        """
        known = self.state.get(name("facts-lot", *lot))
        if known is None:
            self._lots({lot: received_at})
            return
        record = kept_record(self.state, "lot", Lot, "lot", *lot)
        inspections = kept_records(self.state, "inspection", Inspection, "inspection", *lot)
        self._read_recalls({lot[:2]})
        recalls = self._recalls[lot[:2]]
        told = self.state.scan(prefix("told", *lot))
        taints = self.taints.update(lot, record, inspections, recalls, told, received_at)
        facts = quality_anew(_decode_facts(known), inspections, recalls, taints)
        if self._is_other(name("facts-lot", *lot), facts.to_json()):
            self._places.forget_lot(*lot)
            self._again("lot", received_at, *lot)

    def _read_recalls(self, items: AbstractSet[ItemKey]) -> None:
        unread = list(items - self._recalls.keys())
        recalls = kept_below(self.state, "recall", Recall, [prefix("recall", *item) for item in unread])
        self._recalls.update(zip(unread, recalls, strict=True))

    def _custody(
        self, lot: LotKey, shipments: Sequence[Shipment], before: Mapping[bytes, bytes], received_at: int
    ) -> None:
        """`before`: the facts that the state has of the lot's holders, by their keys."""
        facts = custody(join_key(*lot), lot[0], shipments)
        touched = []
        for key in before:
            holder = parts(key)[4]
            if holder not in facts:
                self.state.delete(key)
                touched.append(holder)
        for holder, held in facts.items():  # one by one: there may be a hundred thousand
            key, now = name("facts-custody", *lot, holder), held.to_json()
            known = before.get(key)
            if known != now:
                self.state.put(key, now)
            if known != now or self.redelivered:
                touched.append(holder)
        if touched:
            self._places.forget_lot(*lot)
        for holder in touched:
            self._again("custody", received_at, *lot, holder)


_decode_facts = msgspec.json.Decoder(LotFacts).decode
