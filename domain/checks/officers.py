"""Who carries out each order, drawn too.

Orders are gone through one by one. For each, officers who are qualified for its stratum, are not recused from any
of its parties and have fewer orders than their most are put in order by their tickets (order's number, U+001F, staff
number; the same seed); the first go. Officers of the reserve come after all others. Where these are too few, nobody
goes: the order waits, since one officer alone is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from suyuan.domain.checks.bodies import Officer, Plan
from suyuan.domain.checks.tickets import Tickets
from suyuan.domain.keys import SEPARATOR


class OfficerDraw:
    """The draw of a plan's officers, order by order."""

    def __init__(self, plan: Plan, seed: str) -> None:
        self._tickets = Tickets(seed)
        self._officers, self._each = plan.officers, plan.officers_each
        self._needs = {stratum.stratum: frozenset(stratum.needs) for stratum in plan.strata}
        self._recused = {(recusal.staff_no, recusal.code) for recusal in plan.recusals}
        self._orders: Counter[str] = Counter()

    def next(self, order: str, stratum: str, parties: Iterable[str]) -> tuple[str, ...]:
        """The staff numbers of those who carry out the next order, in the order drawn; none where there are too few."""
        concerned = tuple(parties)
        free = [each for each in self._officers if self._may_go(each, stratum, concerned)]
        free.sort(key=lambda each: (each.reserve, self._tickets.ticket(f"{order}{SEPARATOR}{each.staff_no}")))
        if len(free) < self._each:
            return ()
        going = tuple(each.staff_no for each in free[: self._each])
        self._orders.update(going)
        return going

    def _may_go(self, officer: Officer, stratum: str, parties: tuple[str, ...]) -> bool:
        return (
            self._orders[officer.staff_no] < officer.most
            and self._needs[stratum].issubset(officer.qualifications)
            and not any((officer.staff_no, code) in self._recused for code in parties)
        )
