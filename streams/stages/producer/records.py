"""Keeps records in the state, and says which facts they make dirty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

import polars as pl

from suyuan.domain.keys import partition_of
from suyuan.domain.records import (
    Day,
    Entity,
    Inspection,
    Licence,
    Lot,
    Penalty,
    Product,
    Recall,
    Record,
    Shipment,
    decode_record,
)
from suyuan.streams.stage import Block, StageContext, StateView
from suyuan.streams.stages.producer.dirty_facts import DirtyFacts
from suyuan.streams.stages.producer.kept import pairs_below
from suyuan.streams.stages.producer.keys import ABSENT, is_record, name, parts, prefix
from suyuan.streams.stages.recency import keep, looked_for


def keep_records(block: Block, state: StateView, context: StageContext) -> DirtyFacts:
    """Keep one block of `producer.record` (block schema `record`). Returns the facts that must be summarised anew. A
    null body is the home's answer that there is no such record.
    """
    dirty = DirtyFacts()
    columns = ("kind", "key", "retracted", "received_at", "body")
    rows = block.rows.select(columns).with_columns(pl.col("received_at").fill_null(0)).rows()
    records = [decode_record(kind, body) if body is not None else None for kind, *_, body in rows]
    state_keys = [_state_key(kind, key, record) for (kind, key, *_), record in zip(rows, records, strict=True)]
    state.peek_many(list(chain.from_iterable(map(looked_for, state_keys))))  # at once: they are asked for one by one
    makers = _makers([key for kind, key, *_ in rows if kind == "product"], state)
    for (kind, key, retracted, received_at, body), record, state_key in zip(rows, records, state_keys, strict=True):
        if record is None:
            _keep_absence(kind, key, received_at, state, makers, dirty)
        elif isinstance(record, Licence):
            _keep_licence(record, body, received_at, state, dirty)
            if block.redelivered:
                _touch_former_holders(record.licence_no, received_at, state, dirty)
        elif isinstance(record, Product):
            _keep_product(record, body, received_at, state, context, makers, dirty)
        elif isinstance(record, Entity):
            keep(state_key, record, body, state)
            dirty.producers[record.code] = dirty.sellers[record.code] = received_at
        elif isinstance(record, Penalty):
            keep(state_key, record, body, state)  # none moves: the code is part of its key
            dirty.sellers[record.subject_code] = received_at
        elif isinstance(record, Day):
            dirty.days.append((record.date.isoformat(), received_at))
        else:
            _keep_placed(record, state_key, body, received_at, state, dirty, retracted=retracted)
    return dirty


def _state_key(kind: str, key: str, record: Record | None) -> bytes:
    """Where a record is kept, of its kind and business key; None: that there is none."""
    match record:
        case Shipment():
            lot = (record.producer_code, record.gtin, record.lot)
            way = (record.from_code, record.shipment_id, record.to_code, record.line or "")
            return name("shipment", *lot, *way)
        case Inspection():
            lot = (record.producer_code, record.gtin, record.lot or "")
            return name("inspection", *lot, record.agency_code, record.report_no)
        case Recall():
            return name("recall", record.producer_code, record.gtin, record.recall_no)
        case Penalty():
            return name("penalty", record.subject_code, key)
        case _:
            return name(kind, key)


def _makers(gtins: Sequence[str], state: StateView) -> dict[str, set[str]]:
    """By GTIN of a product the producers whose listings or records name it here."""
    gtins = list(dict.fromkeys(gtins))
    found = pairs_below(state, [prefix("maker", gtin) for gtin in gtins])
    return {gtin: {parts(key)[2] for key, _ in pairs} for gtin, pairs in zip(gtins, found, strict=True)}


def _keep_absence(
    kind: str, key: str, received_at: int, state: StateView, makers: Mapping[str, set[str]], dirty: DirtyFacts
) -> None:
    if is_record(state.get(name(kind, key))):
        return
    state.put(name(kind, key), ABSENT)
    if kind == "licence":
        dirty.licences[key] = received_at
    else:
        _touch_makers(key, received_at, makers, dirty)


def _keep_licence(record: Licence, body: str, received_at: int, state: StateView, dirty: DirtyFacts) -> None:
    number = record.licence_no
    dirty.producers[record.holder_code] = received_at
    dirty.licences[number] = received_at
    before = state.get(name("licence", number))
    if before is not None and is_record(before):
        was = decode_record("licence", before)
        if was.recency > record.recency:
            return
        if isinstance(was, Licence) and was.holder_code != record.holder_code:
            state.delete(name("holding", was.holder_code, number))
            state.put(name("former-holder", number, was.holder_code), b"")
            dirty.producers[was.holder_code] = received_at
    state.put(name("licence", number), body.encode())
    state.put(name("holding", record.holder_code, number), body.encode())


def _touch_former_holders(number: str, received_at: int, state: StateView, dirty: DirtyFacts) -> None:
    for key, _ in state.scan(prefix("former-holder", number)):
        dirty.producers[parts(key)[2]] = received_at


def _keep_product(
    record: Product,
    body: str,
    received_at: int,
    state: StateView,
    context: StageContext,
    makers: Mapping[str, set[str]],
    dirty: DirtyFacts,
) -> None:
    state_key = name("product", record.gtin)
    if is_record(state.get(state_key)):
        keep(state_key, record, body, state)
    else:
        state.put(state_key, body.encode())
    if partition_of(record.producer_code, context.partitions) == context.partition:
        state.put(name("maker", record.gtin, record.producer_code), b"")
        makers[record.gtin].add(record.producer_code)
    _touch_makers(record.gtin, received_at, makers, dirty)


def _touch_makers(gtin: str, received_at: int, makers: Mapping[str, set[str]], dirty: DirtyFacts) -> None:
    for code in makers[gtin]:
        dirty.items[code, gtin] = received_at


def _keep_placed(
    record: Record,
    state_key: bytes,
    body: str,
    received_at: int,
    state: StateView,
    dirty: DirtyFacts,
    *,
    retracted: bool,
) -> None:
    """Keep a record that belongs to a lot or an item of this partition."""
    before: bytes | None = None
    if isinstance(record, Recall):
        _touch_recalled_lots(record, state_key, received_at, state, dirty, retracted=retracted)
        dirty.items[record.producer_code, record.gtin] = received_at
    elif isinstance(record, Inspection):
        if record.lot is None:
            dirty.items[record.producer_code, record.gtin] = received_at
        else:
            dirty.lots[record.producer_code, record.gtin, record.lot] = received_at
    elif isinstance(record, Shipment):
        dirty.lots[record.producer_code, record.gtin, record.lot] = received_at
    elif isinstance(record, Lot):
        lot = (record.producer_code, record.gtin, record.lot)
        before = state.get(state_key)
        dirty.lots[lot] = received_at
        if record.inputs:
            dirty.inputs.add(lot)
    else:
        raise TypeError(f"a producer does not keep {type(record).__name__} records")
    if keep(state_key, record, body, state, retracted=retracted) and isinstance(record, Lot):
        _index_expiry((record.producer_code, record.gtin, record.lot), record, before, state)


def _touch_recalled_lots(
    record: Recall, state_key: bytes, received_at: int, state: StateView, dirty: DirtyFacts, *, retracted: bool
) -> None:
    """Those it names or named. Of a recall of every lot those that others were made from: they are tainted by it, while
    listings of the item are looked at for what the item's facts say.
    """
    before = state.get(state_key)
    was = decode_record("recall", before) if before is not None else None
    item = (record.producer_code, record.gtin)
    lots = set(record.lots)
    narrowed = False
    if isinstance(was, Recall):
        lots |= set(was.lots)
        narrowed = was.status == "open" and (retracted or not _covers_as_much(record, was))
    for lot in lots:
        dirty.tainted[*item, lot] = received_at
    if not record.lots or (isinstance(was, Recall) and not was.lots):
        for key, _ in state.scan(prefix("follow", *item)):
            dirty.tainted[*item, parts(key)[3]] = received_at
    cause = (*item, record.recall_no)
    dirty.recalls[cause] = narrowed or dirty.recalls.get(cause, False)


def _covers_as_much(record: Recall, was: Recall) -> bool:
    return record.status == "open" and (not record.lots or (bool(was.lots) and set(was.lots) <= set(record.lots)))


def _index_expiry(lot: tuple[str, str, str], record: Lot, before: bytes | None, state: StateView) -> None:
    if before is not None:
        was = decode_record("lot", before)
        if isinstance(was, Lot) and was.expires_on is not None:
            state.delete(name("expiry", was.expires_on.isoformat(), *lot))
    if record.expires_on is not None:
        state.put(name("expiry", record.expires_on.isoformat(), *lot), b"")
