"""Who carries out each order, drawn too.

Orders are gone through one by one. For each, officers who are qualified for its stratum, are not recused from any
of its parties and have fewer orders than their most are put in order by their tickets (order's number, U+001F, staff
number; the same seed); the first go. Officers of the reserve come after all others. Where these are too few, nobody
goes: the order waits, since one officer alone is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from suyuan.domain.checks.bodies import Plan
from suyuan.domain.checks.tickets import HEADS, Tickets, digits
from suyuan.domain.keys import SEPARATOR


class OfficerDraw:
    """The draw of a plan's officers, order by order."""

    def __init__(self, plan: Plan, seed: str) -> None:
        self._tickets, self._each = Tickets(seed), plan.officers_each
        self._qualified = {
            stratum.stratum: [each for each in plan.officers if {*stratum.needs} <= {*each.qualifications}]
            for stratum in plan.strata
        }
        self._recused: dict[str, set[str]] = {}
        for recusal in plan.recusals:
            self._recused.setdefault(recusal.code, set()).add(recusal.staff_no)
        self._orders: Counter[str] = Counter()

    def next(self, order: str, stratum: str, parties: Iterable[str]) -> tuple[str, ...]:
        """The staff numbers of those who carry out the next order, in the order drawn; none where there are too few."""
        recused: set[str] = set().union(*(self._recused.get(code, ()) for code in parties))
        orders, drawn = self._orders, []
        number_of = self._tickets.after(f"{order}{SEPARATOR}".encode())
        for each in self._qualified[stratum]:
            if orders[each.staff_no] < each.most and each.staff_no not in recused:
                number = number_of(each.staff_no.encode())
                drawn.append((each.reserve, HEADS[number % 1000], number, each.staff_no))
        if len(drawn) < self._each:
            return ()
        # the first digits tell nearly all apart; to write the others takes as long as all the rest
        last = sorted(each[:2] for each in drawn)[self._each - 1]
        first = sorted((reserve, digits(number), no) for reserve, head, number, no in drawn if (reserve, head) <= last)
        going = tuple(no for _, _, no in first[: self._each])
        orders.update(going)
        return going
