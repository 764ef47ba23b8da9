"""Records as a producer partition keeps them, read back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from suyuan.domain.facts.item import summarise_item
from suyuan.domain.records import Inspection, Product, Recall, decode_record
from suyuan.streams.stage import StateView
from suyuan.streams.stages.producer.keys import ItemKey, is_record, name, prefix

R = TypeVar("R")

AT_ONCE, FIRST = 250, 200
"""prefixes that are read at a time, and pairs of each: a lot may have a hundred thousand shipments"""


def kept_record(state: StateView, kind: str, of: type[R], *key: str) -> R | None:
    """The record of class `of` under one key; None where there is none, or its home has not answered yet."""
    return kept_each(state, kind, of, [name(*key)])[0]


def kept_each(state: StateView, kind: str, of: type[R], keys: Sequence[bytes]) -> list[R | None]:
    """The same of many keys, in their order."""
    records = [decode_record(kind, value or b"") if is_record(value) else None for value in state.peek_many(keys)]
    return [record if isinstance(record, of) else None for record in records]


def kept_records(state: StateView, kind: str, of: type[R], *key: str) -> list[R]:
    """All records of class `of` below a key."""
    return next(kept_below(state, kind, of, [prefix(*key)]))


def kept_below(state: StateView, kind: str, of: type[R], prefixes: Sequence[bytes]) -> Iterator[list[R]]:
    """The same of many prefixes, in their order; see `pairs_below`."""
    for pairs in pairs_below(state, prefixes):
        records = (decode_record(kind, value) for _, value in pairs)
        yield [record for record in records if isinstance(record, of)]


def pairs_below(state: StateView, prefixes: Sequence[bytes]) -> Iterator[list[tuple[bytes, bytes]]]:
    """All pairs below each prefix, in their order, as they are when the first of some hundred prefixes is asked for:
    those are read at once.
    """
    for start in range(0, len(prefixes), AT_ONCE):
        some = prefixes[start : start + AT_ONCE]
        for each, pairs in zip(some, state.scan_many(some, FIRST), strict=True):
            yield pairs if len(pairs) < FIRST else state.scan(each)


def item_facts(state: StateView, item: ItemKey) -> bytes:
    """The facts of an item (producer_code, gtin) as JSON. Its product must be known, or known to be absent."""
    return next(facts_of_items(state, [item]))


def facts_of_items(state: StateView, items: Sequence[ItemKey]) -> Iterator[bytes]:
    """The same of many items, in their order."""
    products = kept_each(state, "product", Product, [name("product", gtin) for _, gtin in items])
    inspections = kept_below(state, "inspection", Inspection, [prefix("inspection", *item, "") for item in items])
    recalls = kept_below(state, "recall", Recall, [prefix("recall", *item) for item in items])
    for (code, gtin), product, inspected, recalled in zip(items, products, inspections, recalls, strict=True):
        yield summarise_item(code, gtin, product, inspected, recalled).to_json()
