"""Who has access, kept up with the log: what is said there reaches every portal within a tenth of a second."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress

import msgspec

from suyuan.access.events import TOPIC, AccessEvent, LinkUsed, UnreadableAccess, decode_access
from suyuan.access.grants import SESSION_MS, Grants, Refused
from suyuan.access.keys import new_id
from suyuan.access.principal import Principal
from suyuan.connections.log_errors import MessagesLost
from suyuan.errors import SuyuanError
from suyuan.operations.tail import Messages
from suyuan.portal.ports import AsyncTail, Ports
from suyuan.portal.problems import unavailable

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.08
PATIENCE_SECONDS = 10.0
"""that a request waits for the log to have been read once"""
_AGAIN_SECONDS = 1.0


class AccessFeed:
    """Reads all of the topic, then what comes. Nobody is let in before all was read once."""

    def __init__(self, ports: Ports, monotonic: Callable[[], float]) -> None:
        self._ports = ports
        self._monotonic = monotonic
        self._grants = Grants()
        self._read_at: float | None = None
        self._ready = asyncio.Event()
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

    async def grants(self) -> Grants:
        """Who has access. Raises Problem while that is not known yet."""
        try:
            await asyncio.wait_for(self._ready.wait(), PATIENCE_SECONDS)
        except TimeoutError:
            raise unavailable("the log was not read yet: who has access is not known") from None
        return self._grants

    @property
    def known(self) -> Grants | None:
        """Who has access, for any thread; None while that is not known."""
        return self._grants if self._ready.is_set() else None

    @property
    def age(self) -> float | None:
        """Seconds since all that was there had been read; None: never yet."""
        return None if self._read_at is None else self._monotonic() - self._read_at

    async def use_link(self, token: str, now: int) -> Principal:
        """For whom a link was made, which is used up by it: at once, here and at every other portal of this log, since
        the first use in the log counts. Raises Refused, Problem, SuyuanError.
        """
        principal = (await self.grants()).by_link(token, now)
        use = new_id(secrets.token_bytes)
        await self._ports.append_access(LinkUsed(principal.id, now, use))
        if await self._first_use(principal.id) != use:
            raise Refused("used", principal.id)
        return msgspec.structs.replace(principal, not_after=now + SESSION_MS)

    async def _first_use(self, link: str) -> str:
        """As it is read back from the log."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while (use := self._grants.used_by(link)) is None:  # noqa: ASYNC110 -- told by the log, not by an event
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise unavailable("the log is not read: whether the link was used before is not known") from None
        return use

    async def append(self, event: AccessEvent) -> None:
        """Say something of access; it is durable and counts on return. Raises SuyuanError."""
        await self._ports.append_access(event)
        self._grants.apply(event)

    async def _follow(self) -> None:
        next_offsets: dict[tuple[str, int], int] = {}
        while True:
            try:
                async with self._ports.tail([TOPIC], next_offsets) as tail:
                    while True:
                        found = await tail.read()
                        self._take(found)
                        next_offsets = dict(tail.next_offsets)
                        if not found:
                            self._read_at, self.trouble = self._monotonic(), ""
                            self._ready.set()
                            await self._rest(tail)
            except MessagesLost as error:  # another log: nobody who had access to the one before has it here
                logger.warning("access is read anew: %s", error)
                self._grants, next_offsets = Grants(), {}
                self._ready.clear()
            except SuyuanError as error:
                if self.trouble != str(error):
                    logger.warning("who has access is not read further: %s", error)
                self.trouble = str(error)
            except Exception:  # whatever it is: who was revoked must not stay in for it
                logger.exception("who has access is not read further, and is tried again")
                self.trouble = "failed: the log says why"
            await asyncio.sleep(_AGAIN_SECONDS)

    async def _rest(self, tail: AsyncTail) -> None:
        """Until there may be something to read."""
        await asyncio.sleep(LOOK_SECONDS)
        while tail.is_still():
            self._read_at = self._monotonic()
            await asyncio.sleep(LOOK_SECONDS)

    def _take(self, found: Iterable[Messages]) -> None:
        for messages in found:
            for offset, value in zip(messages.offsets, messages.values, strict=True):
                try:
                    self._grants.apply(decode_access(value or b""))
                except UnreadableAccess as error:
                    logger.error("%s-%d, offset %d: %s", messages.topic, messages.partition, offset, error)  # noqa: TRY400
