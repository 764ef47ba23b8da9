"""The simulated market: platforms, sellers and producers who trade, and faults planted among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from random import Random

from suyuan.domain.acceptance import SYSTEM
from suyuan.simulation.calendar import DAY_MS, Calendar, moment
from suyuan.simulation.faults import FAULTS, Fault
from suyuan.simulation.outbox import Event
from suyuan.simulation.planted import Planted
from suyuan.simulation.scene import Scene
from suyuan.simulation.trade import Trade

START = date(2026, 1, 5)
FEWEST = 300
_SPAN_DAYS = 25
"""less than the longest time that a rule looks back"""
_SLOWEST, _ENDLESS = 5 * 60_000, 2_000
"""ms of the calendar per event: at most, and where the number of events is open"""
_ROOM = 120
"""events that one turn takes at most; with less left, only single events follow"""

_SHARES: dict[Callable[[Trade], None], float] = {
    Trade.reprice: 56,
    Trade.offer: 24,
    Trade.complain: 1.2,
    Trade.supply: 0.9,
    Trade.remove: 0.6,
    Trade.restock: 0.6,
    Trade.welcome_seller: 0.4,
    Trade.welcome_maker: 0.2,
    Trade.correct: 0.15,
}
_EVERYDAY = (tuple(_SHARES), tuple(_SHARES.values()))
_FAULTY, _FAULTY_AT_FIRST = 0.005, 0.04
"""share of turns that plant a fault; at first, until each was planted once"""


class Market:
    """`Market(seed).events(n)`: exactly n events in order of arrival, as `suyuan publish` takes them.

    A seed gives the same events again. Listings on which nothing was planted show no gap in the end.
    Memory is bounded: a window of producers, stock and listings lives on; only `planted` grows.
    """

    def __init__(self, seed: int, start: date = START) -> None:
        self._rng = Random(seed)
        self._start = start
        self._planted: list[Planted] = []
        self._queue: list[Fault] = []
        self._rounds = 0

    def planted(self) -> list[Planted]:
        """What was planted so far."""
        return list(self._planted)

    def events(self, n: int | None = None) -> Iterator[Event]:
        """Exactly n events (at least `FEWEST`, else ValueError), or without end."""
        if n is not None and n < FEWEST:
            raise ValueError(f"a market needs {FEWEST} events to come to life, not {n}")
        step = _ENDLESS if n is None else max(1, min(_SLOWEST, _SPAN_DAYS * DAY_MS // n))
        scene = Scene(self._rng, Calendar(self._start, step))
        trade = Trade(scene)
        outbox, written = scene.outbox, 0
        _turn_of_day(scene)
        trade.open()
        while n is None or outbox.written < n:
            if n is not None and n - outbox.written < _ROOM:
                scene.on_time = True
                trade.reprice()
            elif self._rng.random() < (_FAULTY if self._rounds > 1 else _FAULTY_AT_FIRST):
                self._plant(trade)
            else:
                self._rng.choices(*_EVERYDAY)[0](trade)
            while written < outbox.written:
                written += 1
                if scene.calendar.tick() and outbox.written != n:
                    _turn_of_day(scene)
            yield from outbox.due()
        yield from outbox.rest()

    def _plant(self, trade: Trade) -> None:
        if not self._queue:
            self._rounds += 1
            self._queue = self._rng.sample(FAULTS, len(FAULTS))
        fault = self._queue.pop()
        for offer in fault.recipe(trade):
            platform_code, listing_id = offer.key
            self._planted.append(Planted(fault.name, platform_code, listing_id, fault.gap, fault.rules, fault.also))
            trade.offers.keep(offer)


def _turn_of_day(scene: Scene) -> None:
    today = scene.calendar.today
    scene.emit("day", SYSTEM, moment(today, 0), {"date": today.isoformat()}, prompt=True)
