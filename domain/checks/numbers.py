"""Numbers of checks and of orders.

A check is `BUREAU-YEAR-N`, N from 1 on for each bureau and year. No number is left out and none used twice, a cancelled
check's neither: a bureau that drew until it liked what it got would have to show each time. An order is
`CHECK-N`, N from 1 on in the order of tickets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_CHECK = re.compile(r"([0-9]{6})-([0-9]{4})-([1-9][0-9]{0,8})")
_ORDER = re.compile(r"(.+)-([1-9][0-9]{0,8})")


class CheckNumber(NamedTuple):
    """A check's number by its parts. `bureau`: division code."""

    bureau: str
    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.bureau}-{self.year:04}-{self.number}"


def check_number(check_id: str) -> CheckNumber | None:
    """The parts of a check's id; None: no check can be called so."""
    found = _CHECK.fullmatch(check_id)
    return CheckNumber(found[1], int(found[2]), int(found[3])) if found else None


def next_check_id(known: Iterable[str], bureau: str, year: int) -> str:
    """The id of a bureau's next check. `known`: those that there are, of other bureaus and years too."""
    return str(CheckNumber(bureau, year, max(_numbers(known, bureau, year), default=0) + 1))


def holes(known: Iterable[str], bureau: str, year: int) -> tuple[str, ...]:
    """Ids that are left out among those of a bureau's year: there are none, unless something was taken away."""
    numbers = _numbers(known, bureau, year)
    missing = set(range(1, max(numbers, default=0))) - numbers
    return tuple(str(CheckNumber(bureau, year, number)) for number in sorted(missing))


def order_no(check_id: str, place: int) -> str:
    """The number of the order at a place, from 1 on."""
    return f"{check_id}-{place}"


def check_of(order: str) -> str | None:
    """The check that an order is of; None: no order can be called so."""
    found = _ORDER.fullmatch(order)
    return found[1] if found and check_number(found[1]) else None


def _numbers(known: Iterable[str], bureau: str, year: int) -> set[int]:
    parts = (check_number(each) for each in known)
    return {each.number for each in parts if each and (each.bureau, each.year) == (bureau, year)}
