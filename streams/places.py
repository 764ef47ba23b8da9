"""Templates of the places that listings of a partition were at lately: a memory, never state.

What a template rests on is in the state; so whoever writes a fact there has the memory forget what rests on it, in the
same block. Whoever has no template assesses. So the memory begins empty with each assignment of a partition and after
each failure, and is emptied when it has grown to its bound.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from suyuan.domain.chain.templates import Days, Rows, Templates, chains_of, still_hold

OVERHEAD = 600
"""bytes that a place takes beside its key and its template, about"""


class Places:
    """Templates by place. Not for several threads."""

    def __init__(self, limit: int = 64 << 20) -> None:
        """`limit`: bytes, about, beyond which all is forgotten."""
        self._limit = limit
        self._at: dict[bytes, int] = {}
        self._templates = Templates.none()
        self._parties: list[str] = []
        self._made_by: dict[str, dict[str | None, dict[str | None, list[bytes]]]] = {}
        """by producer, GTIN and lot"""
        self._naming: dict[str, list[bytes]] = {}
        """by licence"""
        self._sold_by: dict[str, list[bytes]] = {}
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
            self._forget_all()
        get = self._at.get
        rows = np.fromiter((get(key, -1) for key in keys), np.int64, len(keys))
        known = rows >= 0
        if known.any():
            held = still_hold(self._templates.each, np.maximum(rows, 0), days, today)
            rows[~held] = -1
        return rows

    def parties(self, rows: Rows) -> list[str]:
        """The names of their parties."""
        return [self._parties[row] for row in rows.tolist()]

    def learn(self, keys: Sequence[bytes], listings: pl.DataFrame, templates: Templates) -> Rows:
        """Keep a template for each place; where it is. `listings`: one at each place."""
        first = len(self._parties)
        self._templates = self._templates.add(templates)
        self._parties += templates.each["parties"].to_list()
        self._at.update(zip(keys, range(first, first + len(keys)), strict=True))
        for key, producer, gtin, lot, licence, seller in zip(
            keys, *(listings[name].to_list() for name in _RESTS_ON), strict=True
        ):
            if producer is not None:
                lots = self._made_by.setdefault(producer, {}).setdefault(gtin, {})
                lots.setdefault(lot, []).append(key)
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
        for lots in self._made_by.pop(code, {}).values():
            self._forget(lots)

    def forget_item(self, producer_code: str, gtin: str) -> None:
        """So of the places of an item."""
        self._forget(self._made_by.get(producer_code, {}).pop(gtin, {}))

    def forget_lot(self, producer_code: str, gtin: str, lot: str) -> None:
        """So of the places of a lot."""
        lots = self._made_by.get(producer_code, {}).get(gtin, {})
        self._forget({lot: lots.pop(lot, [])})

    def forget_licence(self, licence_no: str) -> None:
        """So of the places that name a licence."""
        self._forget({None: self._naming.pop(licence_no, [])})

    def forget_seller(self, code: str) -> None:
        """So of the places of a seller."""
        self._forget({None: self._sold_by.pop(code, [])})

    def _forget(self, places: Mapping[str | None, Sequence[bytes]]) -> None:
        for keys in places.values():
            for key in keys:
                self._at.pop(key, None)

    def _forget_all(self) -> None:
        self._at.clear()
        self._parties.clear()
        self._made_by.clear()
        self._naming.clear()
        self._sold_by.clear()
        self._templates = Templates.none()
        self._size = 0


_RESTS_ON = ("producer_code", "gtin", "lot", "licence_no", "seller_code")
