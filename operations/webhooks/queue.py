"""Which delivery is to be attempted next: each when it is due, four of a subscription at a time."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import count

import msgspec

from suyuan.operations.webhooks.schedule import Pending

AT_ONCE = 4
"""attempts of one subscription"""
MOST_AT_ONCE = 64
MOST_PENDING = 20_000
"""deliveries of one subscription that wait; one more fails, and can be replayed"""


class Queue:
    """Of what has not ended. For one thread."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[tuple[int, int, str]]] = {}
        self._pending: dict[str, Pending] = {}
        self._of: dict[str, int] = {}
        self._running: dict[str, set[str]] = {}
        self._number = count()

    def __len__(self) -> int:
        return len(self._pending)

    def __iter__(self) -> Iterator[Pending]:
        return iter(self._pending.values())

    def get(self, id: str) -> Pending | None:  # noqa: A002 -- the field's name
        """The one with that webhook-id; None: it has ended, or never begun."""
        return self._pending.get(id)

    def has_room(self, subscription: str) -> bool:
        """Whether it takes one more of the subscription."""
        return self._of.get(subscription, 0) < MOST_PENDING

    def put(self, pending: Pending) -> None:
        """As it stands now; one that is being attempted waits for its end."""
        if pending.id not in self._pending:
            self._of[pending.subscription] = self._of.get(pending.subscription, 0) + 1
        self._pending[pending.id] = pending
        heap = self._waiting.setdefault(pending.subscription, [])
        heapq.heappush(heap, (pending.due, next(self._number), pending.id))

    def hurry(self, subscription: str, now: int) -> None:
        """Have all of a subscription due: what it waits for will not come."""
        waiting = [each for each in self if each.subscription == subscription]
        for each in waiting:
            if each.due > now:
                self.put(msgspec.structs.replace(each, due=now))

    def take(self, now: int) -> Iterable[Pending]:
        """Those whose attempts are to begin now; each is `ended` or `put` and `released` afterwards."""
        room = MOST_AT_ONCE - sum(map(len, self._running.values()))
        taken: list[Pending] = []
        for subscription, heap in list(self._waiting.items()):
            running = self._running.setdefault(subscription, set())
            passed: list[tuple[int, int, str]] = []
            while heap and heap[0][0] <= now and len(running) < AT_ONCE and len(taken) < room:
                due, number, id_ = heapq.heappop(heap)
                pending = self._pending.get(id_)
                if pending is None or pending.due != due:
                    continue  # it has ended, or waits elsewhere in the heap
                if id_ in running:
                    passed.append((due, number, id_))
                    continue
                running.add(id_)
                taken.append(pending)
            for each in passed:
                heapq.heappush(heap, each)
            if not heap:
                del self._waiting[subscription]
            if not running:
                del self._running[subscription]
        return taken

    def release(self, pending: Pending) -> None:
        """Its attempt has ended."""
        running = self._running.get(pending.subscription, set())
        running.discard(pending.id)
        if not running:
            self._running.pop(pending.subscription, None)

    def end(self, pending: Pending) -> None:
        """There will be no other attempt."""
        if self._pending.pop(pending.id, None) is not None:
            self._of[pending.subscription] -= 1

    def oldest_due(self) -> int | None:
        """Since when the first one of all is due; None: none waits."""
        return min((pending.due for pending in self), default=None)
