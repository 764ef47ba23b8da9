"""Who has access, kept up with the log: what is said there reaches every portal within a tenth of a second."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

import msgspec

from suyuan.access.events import TOPIC, AccessEvent, LinkUsed, decode_access
from suyuan.access.grants import SESSION_MS, Grants, Refused
from suyuan.access.keys import new_id
from suyuan.access.principal import Principal
from suyuan.portal.control_feed import ControlFeed
from suyuan.portal.ports import Ports
from suyuan.portal.problems import unavailable

PATIENCE_SECONDS = 10.0
"""that a request waits for the log to have been read once"""


class AccessFeed(ControlFeed):
    """Reads all of the topic, then what comes. Nobody is let in before all was read once."""

    topic, what, look_seconds = TOPIC, "who has access", 0.08

    def __init__(self, ports: Ports, monotonic: Callable[[], float]) -> None:
        super().__init__(ports, monotonic)
        self._grants = Grants()

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
                    await asyncio.sleep(self.look_seconds)
        except TimeoutError:
            raise unavailable("the log is not read: whether the link was used before is not known") from None
        return use

    async def append(self, event: AccessEvent) -> None:
        """Say something of access; it is durable and counts on return. Raises SuyuanError."""
        await self._ports.append_access(event)
        self._grants.apply(event)

    def _reset(self) -> None:
        self._grants = Grants()

    def _apply(self, value: bytes) -> None:
        self._grants.apply(decode_access(value))
