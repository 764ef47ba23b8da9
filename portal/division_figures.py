"""Figures of divisions, as the tables told them some seconds ago: each question goes through all chains."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from suyuan.access.scope import Scope
from suyuan.domain.calendar import china_day
from suyuan.queries.answers import Divisions
from suyuan.queries.api import OfDivision, Queries

KEPT_MS = 20_000
"""how long figures are told again"""
_MOST = 500
"""that are kept"""

Ask = Callable[[Callable[[Queries, Scope], Divisions | None]], Awaitable[Divisions | None]]
"""`Context.ask` of whoever asks"""

_Key = tuple[Scope, str | None]


@dataclass(frozen=True, slots=True)
class Figures:
    """What the tables said `at` that moment, ms UTC; None of a division that is not within the scope."""

    divisions: Divisions | None
    at: int


class RecentFigures:
    """What was told last of each division to whoever has that scope; those who come at once ask the tables once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[_Key, Figures] = OrderedDict()
        self._asked: dict[_Key, asyncio.Task[Figures]] = {}

    async def of(self, ask: Ask, scope: Scope, prefix: str | None, now: int) -> Figures:
        """Of a division, None the widest of the scope; no older than KEPT_MS. `now`: ms UTC. Raises SuyuanError."""
        key = (scope, prefix)
        kept = self._kept.get(key)
        if kept is not None and 0 <= now - kept.at < KEPT_MS:
            return kept
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = asyncio.create_task(self._read(ask, key, now))
            asked.add_done_callback(lambda done: self._end(key, done))
        return await asyncio.shield(asked)  # one who goes away does not take the answer from the others

    async def _read(self, ask: Ask, key: _Key, now: int) -> Figures:
        wanted = OfDivision(key[1], china_day(now))
        found = await ask(lambda queries, scope: queries.divisions(scope, wanted))
        self._kept[key] = made = Figures(found, now)
        self._kept.move_to_end(key)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return made

    def _end(self, key: _Key, done: asyncio.Task[Figures]) -> None:
        del self._asked[key]
        if not done.cancelled():
            done.exception()  # is told to whoever still waits
