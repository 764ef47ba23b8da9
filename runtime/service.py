"""What a process runs, from its start to its end: parts that are closed again, work that is repeated, a failure."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import TypeVar

Part = TypeVar("Part")


class Service(ABC):
    """`await start()`, then `await wait_drained()` or `await wait_failed()`, then `await stop()`. Made within a loop.

    Errors of the parts are raised as they are: TransportError, SinkError, StateError.
    """

    def __init__(self) -> None:
        self._parts = AsyncExitStack()
        self._repeated: list[asyncio.Task[None]] = []
        self.failed: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        """done, with the cause, when a part cannot go on"""

    async def start(self) -> None:
        """What was started is stopped again where a later part fails, or where the start is cancelled."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Everything that was started, the last first. Safe to call twice."""
        for task in self._repeated:
            task.cancel()
        await asyncio.gather(*self._repeated, return_exceptions=True)
        self._repeated.clear()
        await self._parts.aclose()

    @abstractmethod
    async def wait_drained(self) -> None:
        """Until there is nothing left to do. Raises what stopped the service, if something does."""

    async def wait_failed(self) -> None:
        """For ever, or until a part cannot go on; raises the cause."""
        raise await asyncio.shield(self.failed)

    @abstractmethod
    async def _start(self) -> None:
        """Start the parts in their order."""

    async def _opened(self, open_part: Callable[[], Part], close: Callable[[Part], object]) -> Part:
        """What `open_part` gives; both are done in a thread, and `stop` closes it. Where the start is cancelled
        meanwhile, it is closed as soon as it is open.
        """
        opening = asyncio.ensure_future(asyncio.to_thread(open_part))
        try:
            part = await asyncio.shield(opening)
        except asyncio.CancelledError:
            with suppress(Exception):
                await asyncio.to_thread(close, await opening)
            raise
        self._parts.push_async_callback(asyncio.to_thread, close, part)
        return part

    async def _in_thread(self, work: Callable[[], Part]) -> Part:
        """What `work` gives, done in a thread. Where the start is cancelled meanwhile, the thread ends first: what it
        uses is closed then.
        """
        working = asyncio.ensure_future(asyncio.to_thread(work))
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            with suppress(Exception):
                await working
            raise

    def _repeat(self, seconds: float, work: Callable[[], Awaitable[object]]) -> None:
        """At once, and so many seconds after each end, until `stop`. `work` raises nothing."""

        async def repeat() -> None:
            while True:
                await work()
                await asyncio.sleep(seconds)

        self._repeated.append(asyncio.create_task(repeat()))

    def _fail(self, error: BaseException) -> None:
        """From any thread; the first one counts, and nobody asks any more once the loop is closed."""

        def note() -> None:
            if not self.failed.done():
                self.failed.set_result(error)

        with suppress(RuntimeError):
            self.failed.get_loop().call_soon_threadsafe(note)
