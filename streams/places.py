"""Templates of the places that listings of a partition were at lately: a memory, never state.

What a template rests on is in the state; so whoever writes a fact there has the memory forget what rests on it, in the
same block. Whoever has no template assesses. So the memory begins empty with each assignment of a partition and after
each failure, and every second place is forgotten when it has grown to its bound.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TypeVar

import numpy as np
import polars as pl

from suyuan.domain.chain.templates import Days, Rows, Templates, chains_of, still_hold

OVERHEAD = 450
"""bytes that a place takes beside its key and its template, about"""

_Keys = list[bytes]


class Places:
    """Templates by place. Not for several threads."""

    def __init__(self, limit: int = 64 << 20) -> None:
        """`limit`: bytes, about, beyond which places are forgotten until half of it is free."""
        self._limit = limit
        self._at: dict[bytes, int] = {}
        self._templates = Templates.none()
        self._made_by: dict[str, dict[tuple[str | None, str | None], _Keys]] = {}
        """by producer, then by GTIN and lot"""
        self._naming: dict[str, _Keys] = {}
        """by licence"""
        self._sold_by: dict[str, _Keys] = {}
        """by seller"""
        self._size = 0

    def __len__(self) -> int:
        """How many places have a template."""
        return len(self._at)

    def find(self, keys: Sequence[bytes], days: Days, today: dt.date | None) -> Rows:
        """The template of each place that holds on that day, -1 where none is known. `keys`: of places; `days`: of
        listings. It stands for the template until the next call.
        """
        if self._size > self._limit:
            self._thin_out()
        get = self._at.get
        rows = np.fromiter((get(key, -1) for key in keys), np.int64, len(keys))
        known = rows >= 0
        if known.any():
            held = still_hold(self._templates.each, np.maximum(rows, 0), days, today)
            rows[~held] = -1
        return rows

    def parties(self, rows: Rows) -> list[str]:
        """The names of their parties."""
        return self._templates.each["parties"][rows].to_list()

    def learn(self, keys: Sequence[bytes], listings: pl.DataFrame, templates: Templates) -> Rows:
        """Keep a template for each place; where it is. `listings`: one at each place."""
        first = self._templates.each.height
        self._templates = self._templates.add(templates)
        self._at.update(zip(keys, range(first, first + len(keys)), strict=True))
        for key, producer, gtin, lot, licence, seller in zip(
            keys, *(listings[name].to_list() for name in _RESTS_ON), strict=True
        ):
            if producer is not None:
                self._made_by.setdefault(producer, {}).setdefault((gtin, lot), []).append(key)
            if licence is not None:
                self._naming.setdefault(licence, []).append(key)
            if seller is not None:
                self._sold_by.setdefault(seller, []).append(key)
        self._size += templates.size + sum(map(len, keys)) + OVERHEAD * len(keys)
        return np.arange(first, first + len(keys))

    def chains(self, listings: pl.DataFrame, rows: Rows) -> pl.DataFrame:
        """The chain of each listing by its template (see `chains_of`)."""
        return chains_of(listings, self._templates, rows)

    def forget_producer(self, code: str) -> None:
        """The producer's facts are others: its places have no template."""
        for keys in self._made_by.pop(code, {}).values():
            self._forget(keys)

    def forget_item(self, producer_code: str, gtin: str) -> None:
        """So of the places of an item."""
        lots = self._made_by.get(producer_code, {})
        for lot in [lot for lot in lots if lot[0] == gtin]:
            self._forget(lots.pop(lot))

    def forget_lot(self, producer_code: str, gtin: str, lot: str) -> None:
        """So of the places of a lot."""
        self._forget(self._made_by.get(producer_code, {}).pop((gtin, lot), []))

    def forget_licence(self, licence_no: str) -> None:
        """So of the places that name a licence."""
        self._forget(self._naming.pop(licence_no, []))

    def forget_seller(self, code: str) -> None:
        """So of the places of a seller."""
        self._forget(self._sold_by.pop(code, []))

    def _forget(self, keys: Iterable[bytes]) -> None:
        for key in keys:
            self._at.pop(key, None)

    def _thin_out(self) -> None:
        """Forget templates that no place has any more and, where those are less than half, every second place.

        Not the oldest half: when more places than there is room for are met in turn, each would be forgotten just
        before it is met again.
        """
        held = self._at
        rows = self._templates.each.height
        if len(held) > rows // 2:
            held = dict(islice(held.items(), 1, None, 2))
        self._templates = self._templates.take(np.fromiter(held.values(), np.int64, len(held)))
        self._at = dict(zip(held, range(len(held)), strict=True))
        self._size = self._size * len(held) // rows
        lots = {producer: _only(held, lots) for producer, lots in self._made_by.items()}
        self._made_by = {producer: some for producer, some in lots.items() if some}
        self._naming, self._sold_by = _only(held, self._naming), _only(held, self._sold_by)


_Name = TypeVar("_Name")


def _only(held: Mapping[bytes, int], resting: Mapping[_Name, _Keys]) -> dict[_Name, _Keys]:
    """Those of the places that are held, each once; no names of which there are none."""
    only = {name: [key for key in dict.fromkeys(keys) if key in held] for name, keys in resting.items()}
    return {name: keys for name, keys in only.items() if keys}


_RESTS_ON = ("producer_code", "gtin", "lot", "licence_no", "seller_code")
