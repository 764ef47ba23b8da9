"""How much one principal may ask: so many requests a second, so many questions at a time. Nobody is in others' way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from suyuan.portal.problems import Problem

QUESTIONS, WAITING = 4, 32
"""of one principal: that are under way, and that wait for one of these"""
PATIENCE_SECONDS = 2.0
_MANY = 10_000


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


@dataclass(slots=True)
class _Turn:
    free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(QUESTIONS))
    users: int = 0


class Rates:
    """Of all principals of a portal, in its loop. `per_second`: that go on for ever; twice as many may come at once."""

    def __init__(self, per_second: int, monotonic: Callable[[], float]) -> None:
        self._per_second = per_second
        self._monotonic = monotonic
        self._buckets: dict[str, _Bucket] = {}
        self._turns: dict[str, _Turn] = {}

    def request(self, who: str) -> None:
        """Count one. Raises Problem: too-many-requests."""
        now, most = self._monotonic(), 2.0 * self._per_second
        if len(self._buckets) > _MANY:
            full = now - most / self._per_second
            self._buckets = {name: bucket for name, bucket in self._buckets.items() if bucket.at > full}
        bucket = self._buckets.setdefault(who, _Bucket(most, now))
        bucket.left = min(most, bucket.left + (now - bucket.at) * self._per_second)
        bucket.at = now
        if bucket.left < 1:
            raise _too_many(f"more than {self._per_second} requests a second")
        bucket.left -= 1

    @asynccontextmanager
    async def question(self, who: str) -> AsyncIterator[None]:
        """While one is under way; waits a moment for another to end. Raises Problem: too-many-requests."""
        turn = self._turns.setdefault(who, _Turn())
        turn.users += 1
        try:
            if turn.users > QUESTIONS + WAITING:
                raise _too_many(f"{QUESTIONS} questions are under way, and {WAITING} wait")
            try:
                await asyncio.wait_for(turn.free.acquire(), PATIENCE_SECONDS)
            except TimeoutError:
                raise _too_many(f"{QUESTIONS} questions are under way") from None
            try:
                yield
            finally:
                turn.free.release()
        finally:
            turn.users -= 1
            if not turn.users:
                del self._turns[who]


def _too_many(detail: str) -> Problem:
    return Problem("too-many-requests", detail, headers={"Retry-After": "1"})
