"""The ways to a system, fit for asyncio: its tables are asked, its log is written to and read in threads of their own,
so many at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from suyuan.access.events import AccessEvent
from suyuan.operations.access import append_access
from suyuan.portal.known_events import KnownEvents
from suyuan.runtime.deployment import Deployment

if TYPE_CHECKING:
    from suyuan.connections.topic_partition import TopicPartition
    from suyuan.operations.tail import Messages, Tail
    from suyuan.publishing.files.outlet import Outlet
    from suyuan.queries.api import Queries

T = TypeVar("T")

ASKERS = 16
"""questions under way at a time; those of the readers' budgets wait behind these"""
WRITERS = 4
PATIENCE_SECONDS = 20.0
"""without any answer of the brokers, before who publishes is told to try again"""


class Ports:
    """Of one portal. `close` ends what was opened."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self._askers = ThreadPoolExecutor(ASKERS, "suyuan-ask")
        self._writers = ThreadPoolExecutor(WRITERS, "suyuan-append")
        self._opened = ExitStack()
        self._opening = Lock()
        self._queries: Queries | None = None
        self._outlet: tuple[Outlet, ExitStack] | None = None
        self._opening_outlet = Lock()
        self._known = KnownEvents(self.open_queries)

    async def ask(self, question: Callable[[Queries], T]) -> T:
        """The answer to a question. Raises SuyuanError."""
        return await asyncio.get_running_loop().run_in_executor(self._askers, lambda: question(self.open_queries()))

    def open_queries(self) -> Queries:
        """Whoever answers, in a thread; opened by the first question and kept. Where that fails the next question
        tries again. Raises SuyuanError.
        """
        with self._opening:
            if self._queries is None:
                self._queries = self._opened.enter_context(self.deployment.queries())
            return self._queries

    async def write(self, work: Callable[[Deployment], T]) -> T:
        """What appends to the log, in a thread: `work` is given the deployment, whose outlet it opens. Raises
        SuyuanError.
        """
        return await asyncio.get_running_loop().run_in_executor(self._writers, work, self.deployment)

    async def publish(self, work: Callable[[Outlet], T]) -> T:
        """What appends events, in a thread; all share one outlet. Raises SuyuanError."""
        return await asyncio.get_running_loop().run_in_executor(self._writers, lambda: work(self.open_outlet()))

    def open_outlet(self) -> Outlet:
        """The outlet, opened by who needs it first and kept; one that has given up is opened anew. Raises
        SuyuanError.
        """
        with self._opening_outlet:
            if self._outlet is not None and not self._outlet[0].usable:
                self._outlet[1].close()
                self._outlet = None
            if self._outlet is None:
                opened = ExitStack()
                self._outlet = opened.enter_context(self.deployment.outlet(self._known, PATIENCE_SECONDS)), opened
            return self._outlet[0]

    async def append_access(self, event: AccessEvent) -> None:
        """Returns when it is durable in the log. Raises SuyuanError."""
        await self.write(lambda deployment: append_access(deployment.outlet, event))

    @asynccontextmanager
    async def tail(
        self, topics: Sequence[str], first_offsets: Mapping[TopicPartition, int] | None = None
    ) -> AsyncIterator[AsyncTail]:
        """As Deployment.tail, in a thread of its own."""
        loop = asyncio.get_running_loop()
        thread = ThreadPoolExecutor(1, "suyuan-tail")
        opened = ExitStack()
        try:
            tail = await loop.run_in_executor(
                thread, lambda: opened.enter_context(self.deployment.tail(topics, first_offsets))
            )
            yield AsyncTail(tail, thread)
        finally:
            await asyncio.shield(loop.run_in_executor(thread, opened.close))
            thread.shutdown(wait=False)

    def close(self) -> None:
        """Wait for what is under way, and end all of it."""
        self._askers.shutdown(cancel_futures=True)
        self._writers.shutdown()
        if self._outlet is not None:
            self._outlet[1].close()
        self._opened.close()


class AsyncTail:
    """See `operations.tail.Tail`."""

    def __init__(self, tail: Tail, thread: ThreadPoolExecutor) -> None:
        self._tail = tail
        self._thread = thread

    @property
    def next_offsets(self) -> Mapping[TopicPartition, int]:
        """As Tail.next_offsets."""
        return self._tail.next_offsets

    async def listen(self, wake: Callable[[], object]) -> bool:
        """As Tail.listen; `wake` is called in the loop."""
        loop = asyncio.get_running_loop()

        def wake_loop() -> None:
            with suppress(RuntimeError):  # it was closed
                loop.call_soon_threadsafe(wake)

        return await loop.run_in_executor(self._thread, self._tail.listen, wake_loop)

    async def read(self, seconds: float = 0.0) -> list[Messages]:
        """As Tail.read."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._tail.read, seconds)
