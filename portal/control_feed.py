"""What is said of the system itself, kept up with the log."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import ClassVar

from suyuan.connections.log_errors import MessagesLost
from suyuan.errors import SuyuanError
from suyuan.operations.tail import Messages
from suyuan.portal.ports import Ports

logger = logging.getLogger(__name__)

AGAIN_SECONDS = 1.0
TOLD_SECONDS = 1.0
"""between two looks at a log that tells when something came: it is as well to know that it can be read"""


class ControlFeed(ABC):
    """Reads all of a topic, then what comes. `what`: that it is about, for the log; `look_seconds`: between two looks
    at a log that does not tell when something came, each of which costs an idle portal; `monotonic`: seconds.
    """

    topic: ClassVar[str]
    what: ClassVar[str]
    look_seconds: ClassVar[float]

    def __init__(self, ports: Ports, monotonic: Callable[[], float]) -> None:
        self._ports = ports
        self._monotonic = monotonic
        self._read_at: float | None = None
        self._ready = asyncio.Event()
        self._is_wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.trouble = "not read yet"
        """why the log cannot be read now; empty: it can"""

    def start(self) -> None:
        """Within a loop."""
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Safe to call twice."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def look(self) -> None:
        """At once: somebody waits for what comes."""
        self._is_wanted.set()

    @property
    def age(self) -> float | None:
        """Seconds since all that was there had been read; None: never yet."""
        return None if self._read_at is None else self._monotonic() - self._read_at

    @abstractmethod
    def _reset(self) -> None:
        """Forget everything: another log is read."""

    @abstractmethod
    def _apply(self, value: bytes) -> None:
        """Take in one more message. Raises SuyuanError where it cannot be read."""

    async def _follow(self) -> None:
        next_offsets: dict[tuple[str, int], int] = {}
        while True:
            try:
                async with self._ports.tail([self.topic], next_offsets) as tail:
                    told = await tail.listen(self._is_wanted.set)
                    while True:
                        found = await tail.read()
                        self._take(found)
                        next_offsets = dict(tail.next_offsets)
                        if not found:
                            self._read_at, self.trouble = self._monotonic(), ""
                            self._ready.set()
                            await self._rest(TOLD_SECONDS if told else self.look_seconds)
            except MessagesLost as error:  # another log: nothing of the one before holds here
                logger.warning("%s is read anew: %s", self.what, error)
                self._reset()
                next_offsets = {}
                self._ready.clear()
            except SuyuanError as error:
                if self.trouble != str(error):
                    logger.warning("%s is not read further: %s", self.what, error)
                self.trouble = str(error)
            except Exception:  # whatever it is: who was revoked must not stay in for it
                logger.exception("%s is not read further, and is tried again", self.what)
                self.trouble = "failed: the log says why"
            await asyncio.sleep(AGAIN_SECONDS)

    async def _rest(self, seconds: float) -> None:
        """Until there may be something to read."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._is_wanted.wait()
        self._is_wanted.clear()

    def _take(self, found: Iterable[Messages]) -> None:
        for messages in found:
            for offset, value in zip(messages.offsets, messages.values, strict=True):
                try:
                    self._apply(value or b"")
                except SuyuanError as error:
                    logger.error("%s-%d, offset %d: %s", messages.topic, messages.partition, offset, error)  # noqa: TRY400
