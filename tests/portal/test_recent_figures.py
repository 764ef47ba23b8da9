"""Figures that were told a moment ago are told again, to those of the same scope alone."""

from __future__ import annotations

import asyncio

import pytest

from suyuan.access.scope import Division, Scope
from suyuan.errors import SuyuanError
from suyuan.portal.recent_figures import KEPT_MS, RecentFigures

ONE, OTHER = Scope((Division("33"),)), Scope((Division("51"),))


class Tables:
    """Answers whatever is asked, once it is let."""

    def __init__(self):
        self.asked = 0
        self.trouble = None
        self.ready = asyncio.Event()
        self.ready.set()

    async def ask(self, _):
        self.asked += 1
        number = self.asked
        await self.ready.wait()
        if self.trouble:
            raise self.trouble
        return number


def test_they_are_told_again_until_they_are_old_and_to_nobody_of_another_scope():
    async def look():
        tables, recent = Tables(), RecentFigures(None)
        wanted = [(ONE, "33", 0), (ONE, "33", KEPT_MS - 1), (OTHER, "33", 5), (ONE, "3301", 5), (ONE, "33", KEPT_MS)]
        return [await recent.of(tables.ask, *each) for each in wanted]

    found = asyncio.run(look())
    assert [each.said for each in found] == [1, 1, 2, 3, 4]
    assert [each.at for each in found] == [0, 0, 5, 5, KEPT_MS]


def test_those_who_come_at_once_ask_once_and_one_who_goes_takes_nothing_from_the_others():
    async def look():
        tables, recent = Tables(), RecentFigures(None)
        tables.ready.clear()
        first, *others = [asyncio.create_task(recent.of(tables.ask, ONE, None, 0)) for _ in range(4)]
        await asyncio.sleep(0)
        first.cancel()
        tables.ready.set()
        told = [each.said for each in await asyncio.gather(*others)]
        return tables.asked, told

    assert asyncio.run(look()) == (1, [1, 1, 1])


def test_what_went_wrong_is_told_and_not_kept():
    async def look():
        tables, recent = Tables(), RecentFigures(None)
        tables.trouble = SuyuanError("busy")
        with pytest.raises(SuyuanError, match="busy"):
            await recent.of(tables.ask, ONE, None, 0)
        tables.trouble = None
        return (await recent.of(tables.ask, ONE, None, 1)).said

    assert asyncio.run(look()) == 2
