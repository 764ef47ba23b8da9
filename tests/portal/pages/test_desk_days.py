"""What came to desks by day, as bars of one scale."""

from __future__ import annotations

import pytest

from suyuan.portal.pages.desk_days import BASE, TALLEST, picture_of

QUIET, BUSY = [0, 0, 1, 0, 0, 0, 0, 2], [0, 5, 60, 0, 0, 0, 0, 31]


def test_days_are_named_today_last_and_all_desks_have_one_scale():
    picture = picture_of("2026-03-03", 7, 30, [QUIET, BUSY])
    assert (picture.days[0], picture.days[-1], len(picture.days)) == ("2026-02-24", "2026-03-03", 8)
    quiet, busy = picture.bars(QUIET), picture.bars(BUSY)
    assert [bar.count for bar in quiet] == QUIET
    assert [bar.height for bar in busy] == [0, 2, TALLEST, 0, 0, 0, 0, 12.4]
    assert [bar.height for bar in quiet] == [0, 0, 1, 0, 0, 0, 0, 1]  # what is there is seen
    assert {bar.y + bar.height for bar in quiet + busy} == {BASE}
    assert [bar.over for bar in busy] == [False, False, True, False, False, False, False, True]
    assert picture.line == BASE - TALLEST / 2


@pytest.mark.parametrize("budget", [0, 30])
def test_nothing_at_all_is_drawn_too(budget):
    picture = picture_of("2026-01-01", 7, budget, [])
    assert {bar.height for bar in picture.bars([0] * 8)} == {0}
