"""Answers on orders that this portal has published, until they come back: whoever has answered sees at once what became
of the order. One that never comes back, since a dead letter is all that became of it, is forgotten after KEPT_MS.
"""

from __future__ import annotations

from collections import OrderedDict

from suyuan.domain.checks.life import Answer
from suyuan.queries.answers import InspectionOrder

KEPT_MS = 60_000
MOST_ORDERS = 5_000
"""that answers are kept of; those that were answered first are forgotten first"""


class RecentAnswers:
    """By order. Used in the loop alone, so that between a look and what follows from it nobody comes."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, list[Answer]] = OrderedDict()

    def add(self, answer: Answer) -> None:
        """What is being published."""
        since = answer.occurred_at - KEPT_MS
        kept = [each for each in self._answers.get(answer.order_no, ()) if each.occurred_at > since]
        self._answers[answer.order_no] = [*kept, answer]
        self._answers.move_to_end(answer.order_no)
        while len(self._answers) > MOST_ORDERS:
            self._answers.popitem(last=False)

    def forget(self, answer: Answer) -> None:
        """What could not be published."""
        left = [each for each in self._answers.get(answer.order_no, ()) if each.event_id != answer.event_id]
        if left:
            self._answers[answer.order_no] = left
        else:
            self._answers.pop(answer.order_no, None)

    def beside(self, order: InspectionOrder, now: int) -> list[Answer]:
        """Those on an order that was read which it does not have yet. `now`: ms UTC."""
        there = {each.event_id for each in order.answers}
        kept = self._answers.get(order.order_no, ())
        return [each for each in kept if each.event_id not in there and now - each.occurred_at < KEPT_MS]
