"""The blocks that stages work on: no partition may be revoked, and no process stopped, before they are done."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class InFlight:
    """Counts the blocks in flight; for one event loop."""

    def __init__(self) -> None:
        self._count = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @contextmanager
    def block(self) -> Iterator[None]:
        """Counts one block for as long as the context is open."""
        self._count += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._idle.set()

    async def wait_idle(self) -> None:
        """Returns when no block is in flight."""
        await self._idle.wait()
