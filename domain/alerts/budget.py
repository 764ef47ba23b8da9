"""The alert budget: how many alerts a desk can work off in a day, and what that makes of its figures.

Alarm management (ISA-18.2, IEC 62682, EEMUA 191) judges a system of alarms by what comes to an operator in a day:
beyond what can be worked off, alarms are no longer read, the grave ones neither.
"""

from __future__ import annotations

from collections.abc import Sequence

DAYS_BEFORE = 7
"""days before today that a mean is of"""
A_DESK_A_DAY = 30
"""alerts that come to one desk in one day, at most: where nobody set another number"""


def a_day(counts: Sequence[int]) -> float:
    """The mean of the days before today. `counts`: of DAYS_BEFORE days and of today, which comes last."""
    return round(sum(counts[:-1]) / DAYS_BEFORE, 2)


def is_over(raised: Sequence[int], budget: int) -> bool:
    """Whether more came than the budget allows, today or on the mean of the days before. `raised`: as of `a_day`."""
    return raised[-1] > budget or sum(raised[:-1]) > budget * DAYS_BEFORE


def each(count: float, officers: int | None) -> float | None:
    """The share of one of them; None where nobody said how many there are, or there are none."""
    return round(count / officers, 2) if officers else None
