"""What the share of passes among those drawn says of all that they were drawn from.

A row of weight w is drawn with another chance than one of weight 1. Given the first ticket t that was not drawn of its
stratum, a row was drawn if one of its w tickets is below t: chance 1 - (1 - t)^w. Counting each row that was drawn as
the inverse of its chance (Horvitz and Thompson, by the threshold as E. Cohen and H. Kaplan have it for the k least
ranks) undoes the weights without bias. What was drawn but has no result (gone, refused) is left out, and counted apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import exp, expm1, lgamma, log, log1p, sqrt
from statistics import NormalDist
from typing import NamedTuple

CONFIDENCE = 0.95
_STEPS = 60


class Interval(NamedTuple):
    """Between which shares the true one lies, as far as the confidence goes."""

    low: float
    high: float


class Outcome(NamedTuple):
    """A row that was drawn and has a result."""

    weight: int
    passed: bool


class PassRate(NamedTuple):
    """`rate`: of all rows of the stratum that could be tested, estimated; None where none has a result. `tested`,
    `passed`: counts, without weights; `rows`: how many rows the tested ones stand for; `interval`: Wilson's, for as
    many rows as the weights leave (`effective`).
    """

    tested: int
    passed: int
    rate: float | None
    rows: float
    effective: float
    interval: Interval | None


def chance(next_ticket: str | None, weight: int) -> float:
    """The chance with which a row of the weight was drawn. `next_ticket`: the least that was not, None: all were."""
    return 1.0 if next_ticket is None else -expm1(weight * log1p(-float(next_ticket)))


def pass_rate(tested: Iterable[Outcome], next_ticket: str | None, confidence: float = CONFIDENCE) -> PassRate:
    """The pass rate of a stratum."""
    results = [(each.passed, 1 / chance(next_ticket, each.weight)) for each in tested]
    passed, rows = sum(good for good, _ in results), sum(stands_for for _, stands_for in results)
    if not results:
        return PassRate(0, 0, None, 0.0, 0.0, None)
    rate = sum(stands_for for good, stands_for in results if good) / rows
    effective = rows**2 / sum(stands_for**2 for _, stands_for in results)
    return PassRate(len(results), passed, rate, rows, effective, wilson(rate, effective, confidence))


def wilson(rate: float, size: float, confidence: float = CONFIDENCE) -> Interval:
    """E. B. Wilson's interval for a share `rate` of `size`."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    middle = rate + z * z / (2 * size)
    half = z * sqrt(rate * (1 - rate) / size + z * z / (4 * size * size))
    scale = 1 + z * z / size
    return Interval(max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale))


def exact(successes: int, size: int, confidence: float = CONFIDENCE) -> Interval:
    """C. J. Clopper and E. S. Pearson's interval: never too narrow, for rows of one weight."""
    tail = (1 - confidence) / 2
    low = 0.0 if successes == 0 else _solve(lambda share: 1 - _at_most(successes - 1, size, share) < tail)
    high = 1.0 if successes == size else _solve(lambda share: _at_most(successes, size, share) > tail)
    return Interval(low, high)


def _at_most(successes: int, size: int, share: float) -> float:
    ways = [lgamma(size + 1) - lgamma(each + 1) - lgamma(size - each + 1) for each in range(successes + 1)]
    bad, good = log1p(-share), log(share)
    return sum(exp(way + each * good + (size - each) * bad) for each, way in enumerate(ways))


def _solve(below: Callable[[float], bool]) -> float:
    """Where a condition that holds from 0 on ceases to."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return (low + high) / 2
