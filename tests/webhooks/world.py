"""A log with alerts, keys and subscriptions, and receivers that are told of in a list."""

from __future__ import annotations

import asyncio
import itertools
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from suyuan.access.events import KeyGranted, Revoked, encode_access
from suyuan.access.keys import digest
from suyuan.access.principal import Role
from suyuan.operations.webhooks.dispatcher import Dispatcher
from suyuan.operations.webhooks.events import Created, encode_subscription
from suyuan.operations.webhooks.log import ACCESS, ALERTS, DELIVERIES, SUBSCRIPTIONS, Message
from suyuan.operations.webhooks.schedule import Answer
from suyuan.operations.webhooks.sealing import Seal
from suyuan.operations.webhooks.signing import new_secret
from suyuan.schemas.blocks import decode_block
from tests.sinks.rows import PLATFORM, alert, block

SEAL = Seal(bytes(32))
START = 1_790_000_000_000
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
OWNER = "owner1"


def chance(size, numbers=itertools.count(1)):  # noqa: B008 -- another each time is what is wanted
    return next(numbers).to_bytes(size, "big")


class Receivers:
    """Answers as `answer(url, delivery)` says; what was taken is in `taken`, by (url, webhook-id), in order."""

    def __init__(self):
        self.asked = []
        self.bodies = {}
        self.taken = []
        self.answer = lambda _url, _delivery: Answer(204)
        self.holding = None

    async def send(self, url, headers, body):
        delivery = headers["webhook-id"]
        self.asked.append((url, delivery))
        if self.holding is not None:
            await self.holding.wait()
        answer = self.answer(url, delivery)
        if answer.is_success:
            self.taken.append((url, delivery))
            self.bodies[delivery] = (headers, body)
        return answer


class World:
    """`open_holding`: of a deployment; `now` is what its clock says."""

    def __init__(self, open_holding, prefix=""):
        self._open_holding = open_holding
        self.now = START
        self.receivers = Receivers()
        self.secrets = {}
        self.prefix = prefix
        """of ids, where several worlds share a log"""

    def run(self, work):
        """What `work(dispatcher)` gives; before and behind it no dispatcher runs, as after a kill."""

        async def session():
            with ThreadPoolExecutor(1) as thread:
                loop = asyncio.get_running_loop()
                context = self._open_holding()
                holding = await loop.run_in_executor(thread, context.__enter__)
                try:
                    while not await loop.run_in_executor(thread, holding.take_part):
                        pass
                    dispatcher = Dispatcher(holding, self.receivers, SEAL, lambda: self.now, lambda: 0.5, thread)
                    await dispatcher.begin()
                    try:
                        return await work(dispatcher)
                    finally:
                        await dispatcher.end()
                finally:
                    await loop.run_in_executor(thread, context.__exit__, None, None, None)

        return asyncio.run(session())

    def settle(self):
        """Until nothing is left to do now."""

        async def work(dispatcher):
            await self.idle(dispatcher)
            return len(dispatcher.queue)

        return self.run(work)

    async def idle(self, dispatcher):
        quiet = 0
        while quiet < 3:
            quiet = 0 if await dispatcher.step() or dispatcher._running else quiet + 1
            await asyncio.sleep(0)

    def pass_time(self, until):
        """Let the clock go on, with the deliveries being made."""

        async def work(dispatcher):
            while True:
                await self.idle(dispatcher)
                if self.now >= until:
                    return len(dispatcher.queue)
                due = dispatcher.queue.oldest_due()
                self.now = until if due is None else min(until, max(due, self.now + 1))

        return self.run(work)

    def append(self, *messages):
        with self._held() as holding:
            holding.append(messages)

    def grant(self, key=OWNER, role=Role.REGULATOR, division="33", code=None, expires=START + 1000 * HOUR):
        given = KeyGranted(key, digest(key), role, "desk", START, expires, "command", division, code)
        self.append(Message(ACCESS, key.encode(), encode_access(given)))

    def revoke(self, key=OWNER):
        self.append(Message(ACCESS, key.encode(), encode_access(Revoked(key, self.now, "command"))))

    def say(self, event):
        self.append(Message(SUBSCRIPTIONS, event.id.encode(), encode_subscription(event)))

    def subscribe(self, id_="s1", owner=OWNER, url=None, **fields):
        self.secrets[id_] = new_secret(chance)
        sealed = SEAL.seal(id_, self.secrets[id_], chance)
        with self._held() as holding:
            ends = holding.alert_ends()
        after = tuple(ends[ALERTS, number] for number in range(len(ends)))
        self.say(
            Created(
                id_,
                self.now,
                owner,
                owner,
                "desk",
                url or f"https://{id_}.example/",
                sealed,
                after,
                topic=ALERTS,
                **fields,
            )
        )

    @contextmanager
    def _held(self):
        with self._open_holding() as holding:
            while not holding.take_part():
                pass
            yield holding

    def alerts(self, *numbers, **fields):
        rows = [alert(f"a{number}", **({"bureau": "330106", "title_zh": "召回"} | fields)) for number in numbers]
        self.append(Message(ALERTS, PLATFORM.encode(), block("alert_state", *rows)))

    def attempts(self):
        """Rows of what was tried, in order."""
        with self._held() as holding:
            found = _all(holding, DELIVERIES)
        return [row for value in found for row in decode_block(value, "delivery").iter_rows(named=True)]


def _all(holding, topic):
    tail = holding.tail([topic], {})
    values = []
    while found := tail.read():
        values += [value for messages in found for value in messages.values]
    return values
