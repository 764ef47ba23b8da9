"""Which webhooks there are, kept up with the log: what is said at one portal reaches others in half a second."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from functools import partial

from suyuan.operations.webhooks.events import (
    CONTROL,
    TOPIC,
    SubscriptionEvent,
    decode_subscription,
    encode_subscription,
)
from suyuan.operations.webhooks.subscriptions import Subscriptions
from suyuan.portal.control_feed import ControlFeed
from suyuan.portal.ports import Ports
from suyuan.portal.problems import unavailable
from suyuan.publishing.control import append_control
from suyuan.runtime.deployment import Deployment

PATIENCE_SECONDS = 10.0
_REMEMBERED = 1_000
_READ_BACK_SECONDS = 0.02


class SubscriptionFeed(ControlFeed):
    """Reads all of the topic, then what comes."""

    topic, what, look_seconds = TOPIC, "which webhooks there are", 0.25

    def __init__(self, ports: Ports, monotonic: Callable[[], float]) -> None:
        super().__init__(ports, monotonic)
        self._subscriptions = Subscriptions()
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    async def subscriptions(self) -> Subscriptions:
        """Those that there are. Raises Problem while that is not known yet."""
        try:
            await asyncio.wait_for(self._ready.wait(), PATIENCE_SECONDS)
        except TimeoutError:
            raise unavailable(f"{self.what} is not known: {self.trouble or 'the log was not read yet'}") from None
        return self._subscriptions

    async def append(self, event: SubscriptionEvent) -> None:
        """Say something of a subscription; it was read back on return, behind whatever others said before. Raises
        SuyuanError; Problem where it is not read back in time.
        """
        value = encode_subscription(event)
        await self._ports.write(partial(_append, key=event.id, value=value))
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while value not in self._seen:
                    self.look()
                    await asyncio.sleep(_READ_BACK_SECONDS)
        except TimeoutError:
            raise unavailable("it is in the log, and was not read back from it yet") from None

    def _reset(self) -> None:
        self._subscriptions = Subscriptions()

    def _apply(self, value: bytes) -> None:
        self._subscriptions.apply(decode_subscription(value))
        self._seen[value] = None
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)


def _append(deployment: Deployment, key: str, value: bytes) -> None:
    append_control(deployment.outlet, CONTROL, key, value)
