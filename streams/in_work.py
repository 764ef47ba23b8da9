"""Blocks that stages are working on: nobody may give a partition away, or stop, before they are done."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class InWork:
    """Counts blocks; used from one event loop."""

    def __init__(self) -> None:
        self._count = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @contextmanager
    def block(self) -> Iterator[None]:
        """One block's time."""
        self._count += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._idle.set()

    async def wait_idle(self) -> None:
        """Until no block is worked on."""
        await self._idle.wait()
