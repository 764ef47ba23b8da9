"""The simulated market as a publisher, in a thread of its own."""

from __future__ import annotations

import json
import threading
import time

from suyuan.publishing.files.batches import Publisher
from suyuan.publishing.files.outlet import Outlet
from suyuan.schemas.validation import InvalidEvent, parse_event
from suyuan.simulation.market import Market

_TICK = 0.25
"""seconds between two portions at a given rate"""


class Feed:
    """Publishes `events` of a market (None: without end), `rate` a second (None: as fast as they are taken)."""

    def __init__(self, market: Market, events: int | None, rate: int | None, outlet: Outlet) -> None:
        self.published = 0
        """handed over so far"""
        self._events = market.events(events)
        self._rate = rate
        self._publisher = Publisher(outlet)
        self._stop = threading.Event()

    def run(self) -> None:
        """Publish until the market ends or `stop` is called; then everything is stored. Raises LogError."""
        due = time.monotonic()
        portion = None if self._rate is None else max(1, int(self._rate * _TICK))
        for event in self._events:
            parsed = parse_event(json.dumps(event).encode())
            try:
                self._publisher.take(parsed.kind, parsed.event)
            except InvalidEvent:
                if parsed.kind != "day":
                    raise  # a market without end overtakes our calendar: its later days do not turn
            self.published += 1
            if portion is not None and self.published % portion == 0:
                self._publisher.flush()
                due += _TICK
                self._stop.wait(max(0.0, due - time.monotonic()))
            if self._stop.is_set():
                break
        self._publisher.flush()

    def stop(self) -> None:
        """End it early."""
        self._stop.set()
