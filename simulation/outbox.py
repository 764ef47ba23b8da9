"""Events in the order of their arrival: most come as they happen, some late."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Any

Event = dict[str, Any]


class Outbox:
    """Holds events until it is their turn. Delays count events, so memory is bounded by the longest one."""

    def __init__(self) -> None:
        self.written = 0
        """events put in so far"""
        self._prompt: deque[Event] = deque()
        self._late: list[tuple[int, int, Event]] = []
        self._sent = 0

    def put(self, event: Event, delay: int = 0) -> None:
        """Take an event that shall arrive after `delay` others."""
        self.written += 1
        if delay:
            heappush(self._late, (self._sent + len(self._prompt) + delay, self.written, event))
        else:
            self._prompt.append(event)

    def due(self) -> Iterator[Event]:
        """What arrives now."""
        while self._prompt:
            yield self._send(self._prompt.popleft())
            while self._late and self._late[0][0] <= self._sent:
                yield self._send(heappop(self._late)[2])

    def rest(self) -> Iterator[Event]:
        """What is still under way, at the end."""
        yield from self.due()
        while self._late:
            yield self._send(heappop(self._late)[2])

    def _send(self, event: Event) -> Event:
        self._sent += 1
        return event
