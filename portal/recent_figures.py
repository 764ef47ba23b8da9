"""Figures of divisions and desks, as the tables told them some seconds ago: each question goes through whole tables."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from suyuan.access.scope import Scope
from suyuan.domain.calendar import china_day
from suyuan.queries.answers import AlertBudget, Divisions
from suyuan.queries.api import OfDesks, OfDivision, Queries

KEPT_MS = 20_000
"""how long figures are told again"""
_MOST = 500
"""that are kept"""

A = TypeVar("A")

Ask = Callable[[Callable[[Queries, Scope], A | None]], Awaitable[A | None]]
"""`Context.ask` of whoever asks"""
Question = Callable[[Queries, Scope, str | None, int], A | None]
"""about a prefix of divisions, None the widest of the scope, at a moment, ms UTC"""

_Key = tuple[Scope, str | None]


@dataclass(frozen=True, slots=True)
class Figures(Generic[A]):
    """What the tables said `at` that moment, ms UTC; None of a prefix that is not within the scope."""

    said: A | None
    at: int


class RecentFigures(Generic[A]):
    """What was told last of each prefix to whoever has that scope; those who come at once ask the tables once."""

    def __init__(self, question: Question[A]) -> None:
        self._question = question
        self._kept: OrderedDict[_Key, Figures[A]] = OrderedDict()
        self._asked: dict[_Key, asyncio.Task[Figures[A]]] = {}

    async def of(self, ask: Ask[A], scope: Scope, prefix: str | None, now: int) -> Figures[A]:
        """Of a prefix, None the widest of the scope; no older than KEPT_MS. `now`: ms UTC. Raises SuyuanError."""
        key = (scope, prefix)
        kept = self._kept.get(key)
        if kept is not None and 0 <= now - kept.at < KEPT_MS:
            return kept
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = asyncio.create_task(self._read(ask, key, now))
            asked.add_done_callback(lambda done: self._end(key, done))
        return await asyncio.shield(asked)  # one who goes away does not take the answer from the others

    async def _read(self, ask: Ask[A], key: _Key, now: int) -> Figures[A]:
        found = await ask(lambda queries, scope: self._question(queries, scope, key[1], now))
        self._kept[key] = made = Figures(found, now)
        self._kept.move_to_end(key)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return made

    def _end(self, key: _Key, done: asyncio.Task[Figures[A]]) -> None:
        del self._asked[key]
        if not done.cancelled():
            done.exception()  # is told to whoever still waits


def divisions_at(queries: Queries, scope: Scope, prefix: str | None, now: int) -> Divisions | None:
    """How divisions compare by what is in force on that day."""
    return queries.divisions(scope, OfDivision(prefix, china_day(now)))


def desks_at(budget: int) -> Question[AlertBudget]:
    """What desks have to do, beside a budget of alerts a desk and day."""
    return lambda queries, scope, prefix, now: queries.alert_budget(scope, OfDesks(prefix, now, budget))
