"""Records as a producer partition keeps them, read back."""

from __future__ import annotations

from typing import TypeVar

from suyuan.domain.facts.item import summarise_item
from suyuan.domain.records import Inspection, Product, Recall, decode_record
from suyuan.streams.stage import StateView
from suyuan.streams.stages.producer.keys import ItemKey, is_record, name, prefix

R = TypeVar("R")


def kept_record(state: StateView, kind: str, of: type[R], *key: str) -> R | None:
    """The record of class `of` under one key; None where there is none, or its home has not answered yet."""
    value = state.get(name(*key))
    if value is None or not is_record(value):
        return None
    record = decode_record(kind, value)
    return record if isinstance(record, of) else None


def kept_records(state: StateView, kind: str, of: type[R], *key: str) -> list[R]:
    """All records of class `of` below a key."""
    found = (decode_record(kind, value) for _, value in state.scan(prefix(*key)))
    return [record for record in found if isinstance(record, of)]


def item_facts(state: StateView, item: ItemKey) -> bytes:
    """The facts of an item (producer_code, gtin) as JSON. Its product must be known, or known to be absent."""
    return summarise_item(
        *item,
        kept_record(state, "product", Product, "product", item[1]),
        kept_records(state, "inspection", Inspection, "inspection", *item, ""),
        kept_records(state, "recall", Recall, "recall", *item),
    ).to_json()
