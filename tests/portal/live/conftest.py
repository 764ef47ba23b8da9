"""A feed on a log in memory, and clients of its streams without a socket."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager, contextmanager
from threading import Lock

import pytest

from suyuan.access.scope import EVERYTHING
from suyuan.operations.alerts.outward import TOPIC
from suyuan.operations.tail import Messages, Tail
from suyuan.portal.live import feed as feeding
from suyuan.portal.live.feed import Feed
from suyuan.portal.live.response import LiveResponse
from suyuan.portal.ports import Ports
from suyuan.queries.sql.alerts import AlertFilter
from tests.sinks.rows import NOW, alert, block

PATIENCE = 15.0


class Log:
    """Partitions of the topic of alerts."""

    def __init__(self, partitions=2):
        self._lock = Lock()
        self.values = [[] for _ in range(partitions)]
        self.first = [0] * partitions
        self.asked = 0

    def partitions(self, _):
        return len(self.values)

    def end_offsets(self):
        self.asked += 1
        with self._lock:
            return {
                (TOPIC, number): first + len(values)
                for number, (first, values) in enumerate(zip(self.first, self.values, strict=True))
            }

    def start_offsets(self):
        return {(TOPIC, number): first for number, first in enumerate(self.first)}

    def fetch(self, _, partition, offset, max_records, __):
        with self._lock:
            first = self.first[partition]
            found = self.values[partition][max(0, offset - first) :][:max_records]
        begin = max(offset, first)
        return Messages(TOPIC, partition, range(begin, begin + len(found)), found)

    def say(self, partition, *rows):
        """One message with these alerts."""
        now = time.time_ns() // 1_000_000
        with self._lock:
            self.values[partition].append(
                block(
                    "alert_state", *(row | ({"received_at": now} if row["received_at"] == NOW else {}) for row in rows)
                )
            )

    def delete(self, partition, count):
        with self._lock:
            del self.values[partition][:count]
            self.first[partition] += count

    @contextmanager
    def tail(self, topics, first_offsets=None):
        yield Tail(self, topics, first_offsets)


class Client:
    """Of a stream: what it was told. `budget`: bytes that it takes before its connection is cut; None: all."""

    def __init__(self, budget=None):
        self.data = b""
        self.writes = 0
        self.status = None
        self._budget = budget
        self.gone = asyncio.Event()
        self.reads = asyncio.Event()
        self.reads.set()

    async def receive(self):
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        await self.reads.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        self.writes += 1
        self.data += message["body"]
        if self._budget is not None and len(self.data) >= self._budget:
            self.data = self.data[: self._budget]
            self.gone.set()

    @property
    def events(self):
        """(name, data) of each that is whole."""
        return [(name, data) for name, data, _ in told(self.data) if data is not None]

    @property
    def alerts(self):
        return [(data["alert_id"], data["sequence"]) for name, data in self.events if name == "alert"]

    @property
    def place(self):
        return next((place for *_, place in reversed(list(told(self.data))) if place is not None), None)


def told(data):
    """(event, data, id) of each block that is whole, as HTML 9.2.6 reads them."""
    for block_ in data.decode(errors="ignore").split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block_.split("\n") if not line.startswith(":"))
        yield fields.get("event"), json.loads(fields["data"]) if "data" in fields else None, fields.get("id")


class Listening:
    """A feed on a log."""

    def __init__(self, log, feed):
        self.log = log
        self.feed = feed
        self.may = {}

    async def open(self, client, after=None, *, scope=EVERYTHING, wanted=None, who="x", seconds=None):
        """The task of a stream."""
        task = None

        def abort():
            client.gone.set()

        async def still_may():
            return self.may.get(who)

        subscriber = await self.feed.subscribe(who, scope, wanted or AlertFilter(), abort)
        response = LiveResponse(self.feed, subscriber, after, still_may, seconds)
        task = asyncio.create_task(response({}, client.receive, client.send))
        task.subscriber = subscriber
        return task


@asynccontextmanager
async def listening(log):
    ports = Ports(log)
    feed = Feed(ports, time.monotonic, lambda: time.time_ns() // 1_000_000)
    feed.start()
    try:
        yield Listening(log, feed)
    finally:
        await feed.stop()
        ports.close()


async def until(met):
    ends = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < ends
        await asyncio.sleep(0.002)


def a(name, sequence=1, **fields):
    return alert(name, sequence, **fields)


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(feeding, "WRITE_SECONDS", 0.001)
    monkeypatch.setattr(feeding, "_READ_SECONDS", 0.02)
    monkeypatch.setattr(feeding, "_TICK_SECONDS", 0.01)
