"""Facts summarised anew where records touched them, and the listings that must be assessed again for it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from suyuan.domain.facts.custody import custody
from suyuan.domain.facts.lineage import Taint, combine
from suyuan.domain.facts.lot import summarise_lot
from suyuan.domain.facts.producer import summarise_licence, summarise_producer
from suyuan.domain.keys import join_key
from suyuan.domain.records import Entity, Inspection, Licence, Lot, Recall, Shipment, decode_record
from suyuan.streams.stage import Block, Emit, StateView
from suyuan.streams.stages.backlog import Task
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
from suyuan.streams.stages.producer.lineage import (
    TAINTS,
    Told,
    follow_inputs,
    own_taints_of,
    send,
    tell_followers,
)
from suyuan.streams.stages.producer.touched import Touched

SCAN_ROWS = 1000


class Upkeep:
    """Summarises what a block touches. Redelivered, facts count as changed even where they are what they were."""

    def __init__(self, block: Block, state: StateView) -> None:
        self.block = block
        self.state = state
        self.redelivered = block.redelivered
        self.tasks: list[Task] = []
        self.told: list[Told] = []

    def summarise(self, touched: Touched) -> None:
        """Items before lots: a lot is recalled with every lot of its item."""
        if touched.days:
            self._turn_day(*max(touched.days))
        for licence_no, received_at in touched.licences.items():
            self._licence(licence_no, received_at)
        for code, received_at in touched.producers.items():
            self._producer(code, received_at)
        for item, received_at in touched.items.items():
            self._item(item, received_at, touched)
        for lot, received_at in touched.lots.items():
            self._lot(lot, received_at)
        for lot in touched.inputs:
            self.told += follow_inputs(lot, self.state, touched.lots[lot])

    def answer(self, upstream: LotKey, follower: LotKey, received_at: int) -> None:
        """Tell a new follower what the lot, just summarised, is tainted with."""
        _, _, taints = (self.state.get(name("taints", *upstream)) or b"\n[]").partition(b"\n")
        self.told.append(Told("taints", upstream, follower, received_at, taints))

    def emits(self) -> list[Emit]:
        """What is to be told to other lots."""
        return send(self.told)

    def _changed(self, key: bytes, value: bytes) -> bool:
        if self.state.get(key) == value:
            return self.redelivered
        self.state.put(key, value)
        return True

    def _again(self, reason: str, received_at: int, *key: str) -> None:
        self.tasks.append(Task(prefix("listing", *key), reason, received_at))

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
            for key, _ in self.state.scan(prefix("named", licence_no)):
                self._again("licence", received_at, *parts(key)[2:])

    def _producer(self, code: str, received_at: int) -> None:
        entity = kept_record(self.state, "entity", Entity, "entity", code)
        licences = kept_records(self.state, "licence", Licence, "holding", code)
        facts = summarise_producer(code, entity, licences)
        if self._changed(name("facts-producer", code), facts.to_json()):
            self._again("producer", received_at, code)

    def _item(self, item: ItemKey, received_at: int, touched: Touched) -> None:
        self._spread_recall(item, received_at, touched)
        product = self.state.get(name("product", item[1]))
        if product is None or product == ASKED:
            return  # nobody lists it yet, or its home has not answered: summarised when either happens
        self.state.put(name("maker", item[1], item[0]), b"")
        if self._changed(name("facts-item", *item), item_facts(self.state, item)):
            self._again("item", received_at, *item)

    def _spread_recall(self, item: ItemKey, received_at: int, touched: Touched) -> None:
        """A recall of every lot taints the lots made from any of them: those that are followed are touched too."""
        for key, _ in self.state.scan(prefix("follow", *item)):
            lot = parts(key)[3]
            touched.lots.setdefault((*item, lot), received_at)

    def _lot(self, lot: LotKey, received_at: int) -> None:
        record = kept_record(self.state, "lot", Lot, "lot", *lot)
        shipments = kept_records(self.state, "shipment", Shipment, "shipment", *lot)
        inspections = kept_records(self.state, "inspection", Inspection, "inspection", *lot)
        recalls = kept_records(self.state, "recall", Recall, "recall", *lot[:2])
        own = own_taints_of(join_key(*lot), recalls, inspections)
        taints = combine(join_key(*lot), own, self._told(lot, record))
        facts = summarise_lot(join_key(*lot), record, shipments, inspections, recalls, taints)
        if self._changed(name("facts-lot", *lot), facts.to_json()):
            self._again("lot", received_at, *lot)
        self._custody(lot, shipments, received_at)
        told = msgspec.json.encode(taints)
        if self._must_tell(name("taints", *lot), told):
            self.told += tell_followers(lot, told, self.state, received_at)

    def _must_tell(self, key: bytes, told: bytes) -> bool:
        """Whether taints are new, or were new to this very block when it was done before. (Told again for no more than
        being redelivered, they would go round circles of inputs as long as blocks are redelivered.)
        """
        held = self.state.get(key) or b""
        cause, _, before = held.partition(b"\n")
        if not held or before != told:
            self.state.put(key, f"{self.block.topic}:{self.block.offset}\n".encode() + told)
            return True
        topic, _, offset = cause.decode().rpartition(":")
        return self.redelivered and topic == self.block.topic and int(offset) >= self.block.since

    def _told(self, lot: LotKey, record: Lot | None) -> dict[str, tuple[Taint, ...]]:
        """What the inputs told, by input lot; what a former input told is forgotten."""
        inputs = {join_key(x.producer_code, x.gtin, x.lot) for x in record.inputs} if record else set()
        told = {}
        for key, value in self.state.scan(prefix("told", *lot)):
            upstream = join_key(*parts(key)[4:])
            if upstream in inputs:
                told[upstream] = TAINTS.decode(value)
            else:
                self.state.delete(key)
        return told

    def _custody(self, lot: LotKey, shipments: Sequence[Shipment], received_at: int) -> None:
        facts = custody(join_key(*lot), lot[0], shipments)
        for key, _ in self.state.scan(prefix("facts-custody", *lot)):
            holder = parts(key)[4]
            if holder not in facts:
                self.state.delete(key)
                self._again("custody", received_at, *lot, holder)
        for holder, held in facts.items():
            if self._changed(name("facts-custody", *lot, holder), held.to_json()):
                self._again("custody", received_at, *lot, holder)
