"""A stream of alerts as an answer: what was missed first, then what comes, whenever the feed has it written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing

from fastapi import Response
from starlette.types import Receive, Send
from starlette.types import Scope as Asgi

from suyuan.connections.topic_partition import TopicPartition
from suyuan.errors import SuyuanError
from suyuan.operations.alerts.cursor import write_cursor
from suyuan.operations.alerts.outward import TOPIC
from suyuan.portal.live.feed import Feed
from suyuan.portal.live.frames import MEDIA_TYPE, begin_anew, ended, hello, placed, still_here
from suyuan.portal.live.replay import TooFar, in_writes, recent
from suyuan.portal.live.subscriber import Subscriber
from suyuan.portal.metrics import LIVE_ROWS

HEADERS = {"X-Accel-Buffering": "no"}
"""proxies keep no part of it back"""


class LiveResponse(Response):
    """`after`: the place to go on from; None: from now on. `still_may`: why whoever listens may no longer, or None.
    `seconds`: after which it ends by itself.
    """

    media_type = MEDIA_TYPE

    def __init__(
        self,
        feed: Feed,
        subscriber: Subscriber,
        after: str | None,
        still_may: Callable[[], Awaitable[str | None]],
        seconds: float | None = None,
    ) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._feed = feed
        self._subscriber = subscriber
        self._after = after
        self._still_may = still_may
        self._seconds = seconds

    async def __call__(self, scope: Asgi, receive: Receive, send: Send) -> None:
        """See ASGI."""
        del scope
        subscriber = self._subscriber
        writing = asyncio.create_task(self._write_all(send))
        leaving = asyncio.create_task(_disconnected(receive))
        subscriber.runs_in(writing)
        try:
            await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._feed.leave(subscriber)
            for task in (writing, leaving):
                task.cancel()
            outcomes = await asyncio.gather(writing, leaving, return_exceptions=True)
        failure = outcomes[0]
        if isinstance(failure, Exception) and not isinstance(failure, OSError):  # else the client has gone
            raise failure

    async def _write_all(self, send: Send) -> None:
        subscriber, feed = self._subscriber, self._feed
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await self._write(send, hello(self._first_place()))
        if self._after is not None:
            await self._replay(send, self._after)
        if self._seconds is not None:
            asyncio.get_running_loop().call_later(self._seconds, subscriber.end, "time")
        while True:
            await subscriber.wake.wait()
            subscriber.wake.clear()
            if subscriber.missed:
                subscriber.missed = False
                await self._write(send, begin_anew(feed.place))
            place = feed.place
            data, rows = subscriber.take(place)
            if data:
                LIVE_ROWS.inc(rows)
                await self._write(send, data)
            if subscriber.check_due:
                subscriber.check_due = False
                why = await self._still_may()
                if why is not None:
                    await self._end(send, why, place)
                    return
                if not data and subscriber.ending is None:
                    await self._write(send, still_here(place))
            if subscriber.ending is not None and not subscriber.pending:
                await self._end(send, subscriber.ending, place)
                return

    async def _end(self, send: Send, why: str, place: str) -> None:
        await self._write(send, ended(why, place))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _first_place(self) -> str:
        """Where it goes on from if it is cut off before anything came: no further than where it wants to begin."""
        known = None if self._after is None else self._feed.read_place(self._after)
        return write_cursor(TOPIC, known or self._subscriber.began_at)

    async def _replay(self, send: Send, after: str) -> None:
        """What came between its place and the subscription. Live rows wait meanwhile. Who is to read the list anew, for
        the log does not give all of it, is told the latest, which the tables may not have yet.
        """
        until = self._subscriber.began_at
        first = self._feed.read_place(after)
        if first is not None and await self._tell_missed(send, first, until):
            return
        await self._write(send, begin_anew(write_cursor(TOPIC, recent(until))))
        await self._tell_missed(send, recent(until), until)
        await self._write(send, still_here(write_cursor(TOPIC, until)))

    async def _tell_missed(
        self, send: Send, first: Mapping[TopicPartition, int], until: Mapping[TopicPartition, int]
    ) -> bool:
        """Whether all of it was told."""
        feed = self._feed
        try:
            async with aclosing(in_writes(feed.missed(first, until), first, self._subscriber.part)) as writes:
                async for rows, place in writes:
                    LIVE_ROWS.inc(len(rows))
                    await self._write(send, placed(rows, write_cursor(TOPIC, place)))
        except (TooFar, SuyuanError):
            return False
        return True

    async def _write(self, send: Send, data: bytes) -> None:
        subscriber = self._subscriber
        subscriber.sending_since = self._feed.now()
        await send({"type": "http.response.body", "body": data, "more_body": True})
        subscriber.sending_since = None


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
