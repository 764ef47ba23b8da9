"""The whole draw: which listings, in which order, by whom."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from suyuan.domain.checks.bodies import Draw, Drawn, Freeze, Order, Plan, Randomness, Rows, canonical, hash_of
from suyuan.domain.checks.numbers import order_no
from suyuan.domain.checks.officers import OfficerDraw
from suyuan.domain.checks.randomness import seed
from suyuan.domain.checks.selection import Candidate, Selection

OF = 10_000
"""that shares are parts of"""


class Result(NamedTuple):
    """A draw, and its orders. `file`: these as they are published, a line each."""

    draw: Draw
    orders: tuple[Order, ...]
    file: bytes


def share_cap(plan: Plan) -> int | None:
    """Of OF rows of a stratum at most so many, where the plan has general items: the least of their caps."""
    caps = [item.share_cap for item in plan.items if item.share_cap is not None]
    return min(caps, default=None)


def wanted(plan: Plan, rows: Iterable[Rows]) -> dict[str, int]:
    """How many are drawn of each stratum: the plan's size, if there are as many rows and the share's cap, rounded
    down, allows it.
    """
    counted, cap = {each.stratum: each.rows for each in rows}, share_cap(plan)
    sizes = {}
    for stratum in plan.strata:
        there = counted.get(stratum.stratum, 0)
        sizes[stratum.stratum] = min(stratum.size, there, there if cap is None else there * cap // OF)
    return sizes


def selection(plan: Plan, freeze: Freeze, randomness: Randomness) -> Selection:
    """An empty selection for a check: lines of its frame are added to it, apart or all at once, and `draw` makes the
    rest.
    """
    return Selection(seed(plan.check_id, freeze.root, randomness.randomness), wanted(plan, freeze.strata))


def draw(plan: Plan, freeze: Freeze, randomness: Randomness, found: Selection) -> Result:
    """The draw of a check. `found`: through which the whole frame has gone."""
    sizes, strata, candidates = wanted(plan, freeze.strata), [], []
    counted = {each.stratum: each.rows for each in freeze.strata}
    for stratum in plan.strata:
        name, size = stratum.stratum, sizes[stratum.stratum]
        least = found.least(name)
        candidates += least[:size]
        strata.append(
            Drawn(
                stratum=name,
                rows=counted.get(name, 0),
                drawn=size,
                next=f"0.{least[size].ticket}" if len(least) > size else None,
                short=None if size == stratum.size else "rows" if size == counted.get(name, 0) else "share_cap",
            )
        )
    made = seed(plan.check_id, freeze.root, randomness.randomness)
    orders = _orders(plan, made, sorted(candidates))
    file = b"".join(canonical(order) + b"\n" for order in orders)
    act = Draw(
        check_id=plan.check_id,
        after=hash_of(randomness),
        seed=made,
        strata=tuple(strata),
        orders=len(orders),
        waiting=sum(not order.officers for order in orders),
        orders_sha256=sha256(file).hexdigest(),
    )
    return Result(act, orders, file)


def _orders(plan: Plan, made: str, candidates: Iterable[Candidate]) -> tuple[Order, ...]:
    officers, orders = OfficerDraw(plan, made), []
    for place, each in enumerate(candidates, 1):
        number = order_no(plan.check_id, place)
        orders.append(
            Order(
                order_no=number,
                id=each.id,
                stratum=each.stratum,
                weight=each.weight,
                ticket=f"0.{each.ticket}",
                officers=officers.next(number, each.stratum, each.parties),
            )
        )
    return tuple(orders)
