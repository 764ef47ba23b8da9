"""What came to a desk by day, as bars with the number over each: a picture that also says what it shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

STEP, BAR, TALLEST, BASE = 26, 18, 24, 38
"""in the units of the picture: from bar to bar, the width of one, the height of the highest, where they stand"""


@dataclass(frozen=True, slots=True)
class Bar:
    """`x`, `y`: of its upper left corner; `day`: as 2026-02-10; `over`: whether more came than the budget."""

    day: str
    count: int
    x: int
    y: float
    height: float
    over: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """How days are drawn: `days`, the last of which is today, and at which height the budget is. All desks of a page
    have one scale, so that they can be compared.
    """

    days: tuple[str, ...]
    budget: int
    most: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return len(self.days) * STEP, BASE + 1

    @property
    def line(self) -> float:
        """Where the budget is, from above."""
        return round(BASE - self._height(self.budget), 1)

    def bars(self, raised: Sequence[int]) -> list[Bar]:
        """Of one desk. `raised`: alerts by day, as many as there are days."""
        return [
            Bar(day, count, at * STEP + (STEP - BAR) // 2, round(BASE - height, 1), height, count > self.budget)
            for at, (day, count) in enumerate(zip(self.days, raised, strict=True))
            for height in [self._height(count)]
        ]

    def _height(self, count: int) -> float:
        """At least 1 where there is anything."""
        return max(round(TALLEST * count / self.most, 1), 1.0) if count else 0.0


def picture_of(today: str, before: int, budget: int, raised: Iterable[Sequence[int]]) -> Picture:
    """Of all desks. `today`: a date; `before`: how many days there are before it; `raised`: as of `bars`, by desk."""
    last = dt.date.fromisoformat(today)
    days = tuple((last - dt.timedelta(days=ago)).isoformat() for ago in range(before, -1, -1))
    return Picture(days, budget, max([budget, 1, *(count for counts in raised for count in counts)]))
