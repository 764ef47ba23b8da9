"""What every transport promises, as tests. A backend subclasses `TransportContract` and gives a `Backend`."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

import pytest
from faust.types.tuples import TP
from prometheus_client import REGISTRY

from suyuan.connections.kafka import KafkaConnection
from suyuan.domain.keys import partition_of
from suyuan.eventlog.records import Record
from suyuan.streams.stage import Run
from suyuan.streams.transport.faust_app import FaustApp
from suyuan.streams.transport.fetch_limits import FetchLimits
from suyuan.streams.transport.options import TransportOptions
from suyuan.streams.transport.run_consumer import RunConsumer

PATIENCE_SECONDS = 20.0


class Backend(Protocol):
    """A log that apps can be run on."""

    def url(self) -> str:
        """For `FaustApp(broker=...)`."""

    async def create_topic(self, name: str, partitions: int, *, compacted: bool = False) -> None:
        """Make a topic."""

    async def compact(self, name: str) -> None:
        """Have all that can be compacted be compacted now."""

    async def delete_before(self, name: str, partition: int, offset: int) -> None:
        """Make `offset` the partition's earliest."""


class Reader:
    """A Faust app that collects what it is given; `holding` says which values it does not finish."""

    def __init__(
        self,
        backend: Backend,
        group: str,
        topics: list[str],
        *,
        runs: Iterable[str] = (),
        gives_way: Mapping[str, tuple[str, ...]] | None = None,
        keeps_pace: Mapping[str, tuple[str, ...]] | None = None,
        limits: FetchLimits | None = None,
        linger: Mapping[str, Callable[[], float]] | None = None,
        joined: Iterable[str] = (),
        kafka: KafkaConnection | None = None,
        accept_loss: bool = False,
        **settings: Any,
    ) -> None:
        self.app: Any = FaustApp(
            group,
            TransportOptions(
                batch_topics=frozenset(runs),
                gives_way=gives_way or {},
                keeps_pace=keeps_pace or {},
                fetch_limits=limits or FetchLimits(),
                linger=linger or {},
                joined_topics=frozenset(joined),
                kafka=kafka,
                accept_loss=accept_loss,
            ),
            broker=backend.url(),
            store="memory://",
            datadir=tempfile.gettempdir(),  # or Faust makes a folder where the tests are started
            broker_commit_interval=0.05,
            topic_partitions=1,
            topic_disable_leader=True,
            **settings,
        )
        self.app.conf.web_enabled = False
        self.app.tables.sleep = _at_once  # Faust waits a second there, for tables that register late
        self.events: list[Any] = []
        self.holding: Callable[[Any], bool] = lambda _: False
        self.released = asyncio.Event()
        for name in topics:
            self._collect(self.app.topic(name, key_serializer="raw", value_serializer="raw"))

    def _collect(self, topic: Any) -> None:
        async def collect(stream: Any) -> None:
            async for event in stream.noack().events():
                self.events.append(event)
                if self.holding(event.value):
                    self.app.loop.create_task(self._ack_later(event))
                else:
                    event.ack()

        self.app.agent(topic, name=f"collect-{topic.get_topic_name()}")(collect)

    async def _ack_later(self, event: Any) -> None:
        await self.released.wait()
        event.ack()

    @property
    def values(self) -> list[Any]:
        """Values in order of arrival, runs flattened."""
        return [
            value
            for event in self.events
            for value in (event.value.values if isinstance(event.value, Run) else [event.value])
        ]

    @property
    def runs(self) -> list[Run]:
        return [event.value for event in self.events]

    async def until(self, count: int) -> list[Any]:
        """The values, once there are at least so many."""
        await eventually(lambda: len(self.values) >= count)
        return self.values

    async def committed(self, topic: str, partition: int = 0) -> int | None:
        return self.app.consumer._committed_offset.get(TP(topic, partition))

    async def until_committed(self, topic: str, offset: int, partition: int = 0) -> None:
        await eventually(lambda: (self.app.consumer._committed_offset.get(TP(topic, partition)) or 0) >= offset)

    async def refusal(self) -> str:
        """Why it does not start."""
        self.app.finalize()
        starting = asyncio.ensure_future(self.app.start())
        try:
            await eventually(lambda: self.app.crashed)
        finally:
            starting.cancel()
            await self.app.stop()
        return str(self.app.crash_reason)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Reader]:
        self.app.finalize()
        service = self.app if self.app.agents else self.app.producer  # an app that reads nothing has no assignment
        await service.start()
        try:
            if self.app.agents:
                await eventually(lambda: not self.app.rebalancing and self.app.consumer.assignment())
            yield self
        except BaseException:
            self.released.set()  # or Faust waits for ever for what a failed test holds
            raise
        finally:
            await service.stop()


async def eventually(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():  # noqa: ASYNC110 - what is waited for lies in Faust
            await asyncio.sleep(0.005)


def metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def listed(offsets: dict[TP, Any]) -> dict[TP, list[int]]:
    return {at: list(each) for at, each in offsets.items()}


async def settled(reader: Reader) -> None:
    """Long enough for several commits and fetches, where a test shows that something does not happen."""
    await asyncio.sleep(6 * reader.app.conf.broker_commit_interval)


async def _at_once(_seconds: float) -> None:
    await asyncio.sleep(0)


def scenario(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run an async test in an event loop of its own."""

    def run(self: Any, backend: Backend) -> None:
        asyncio.run(test(self, backend))

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


class TransportContract:
    """Subclasses give a fixture `backend`."""

    @pytest.fixture
    def backend(self) -> Backend:
        raise NotImplementedError

    @scenario
    async def test_a_message_arrives_with_key_value_headers_and_timestamp(self, backend: Backend) -> None:
        await backend.create_topic("t", 2)
        reader = Reader(backend, "g", ["t"])
        async with reader.running():
            sent = await reader.app.producer.send_and_wait(
                "t", b"key", b"value", None, 1_700_000_000.123, [("name", b"\x00\xff")]
            )
            await reader.until(1)
        message = reader.events[0].message
        assert (message.key, message.value) == (b"key", b"value")
        assert dict(message.headers) == {"name": b"\x00\xff"}
        assert message.timestamp == pytest.approx(1_700_000_000.123)
        assert (message.topic, message.partition, message.offset) == ("t", sent.partition, sent.offset)
        assert sent.partition == partition_of(b"key", 2)

    @scenario
    async def test_nulls_and_empty_bytes_are_told_apart(self, backend: Backend) -> None:
        await backend.create_topic("t", 1)
        reader = Reader(backend, "g", ["t"])
        pairs = [(None, b"v"), (b"", b""), (b"k", None)]
        async with reader.running():
            await reader.app.producer.append_many({TP("t", 0): [Record(key, value) for key, value in pairs]})
            await reader.until(3)
        assert [(event.message.key, event.message.value) for event in reader.events] == pairs

    @scenario
    async def test_append_many_says_the_offsets_and_keeps_the_order_of_calls(self, backend: Backend) -> None:
        await backend.create_topic("t", 2)
        reader = Reader(backend, "g", ["t"])
        async with reader.running():
            producer = reader.app.producer
            assert listed(await producer.append_many({TP("t", 1): [Record(b"k", b"0")]})) == {TP("t", 1): [0]}
            single = await producer.send("t", b"k", b"1", 1, None, None)
            sent = await producer.append_many(
                {TP("t", 0): [Record(b"k", b"x")], TP("t", 1): [Record(b"k", b"2"), Record(b"k", b"3")]}
            )
            assert (await single).offset == 1
            assert listed(sent) == {TP("t", 0): [0], TP("t", 1): [2, 3]}
            await reader.until(5)
        assert [e.value for e in reader.events if e.message.partition == 1] == [b"0", b"1", b"2", b"3"]

    @scenario
    async def test_flush_waits_for_what_was_sent(self, backend: Backend) -> None:
        await backend.create_topic("t", 1)
        reader = Reader(backend, "g", ["t"])
        async with reader.running():
            sent = [await reader.app.producer.send("t", None, b"%d" % n, 0, None, None) for n in range(50)]
            await reader.app.producer.flush()
            assert all(future.done() for future in sent)
            assert [(await future).offset for future in sent] == list(range(50))

    @scenario
    async def test_a_batch_topic_is_delivered_in_runs_of_bounded_length(self, backend: Backend) -> None:
        await backend.create_topic("t", 1)
        reader = Reader(backend, "g", ["t"], runs=["t"], limits=FetchLimits(run_records=100))
        async with reader.running():
            await reader.app.producer.append_many(
                {TP("t", 0): [Record(b"k%d" % n, b"v%d" % n, 1000 + n) for n in range(250)]}
            )
            await reader.until(250)
            await reader.until_committed("t", 250)
        assert len(reader.runs) == 3
        for run in reader.runs:
            assert isinstance(run, Run)
            assert (run.topic, run.partition) == ("t", 0)
            assert len(run.keys) == len(run.values) == len(run.timestamps) == len(run.offsets) <= 100
        assert [offset for run in reader.runs for offset in run.offsets] == list(range(250))
        assert [key for run in reader.runs for key in run.keys] == [b"k%d" % n for n in range(250)]
        assert [at for run in reader.runs for at in run.timestamps] == [1000 + n for n in range(250)]

    @scenario
    async def test_runs_are_bounded_in_bytes(self, backend: Backend) -> None:
        await backend.create_topic("t", 1)
        reader = Reader(backend, "g", ["t"], runs=["t"], limits=FetchLimits(run_bytes=10_000))
        async with reader.running():
            await reader.app.producer.append_many({TP("t", 0): [Record(None, b"x" * 3000)] * 10})
            await reader.until(10)
        assert max(len(run.values) for run in reader.runs) <= 4

    @scenario
    async def test_what_comes_while_a_run_lingers_is_one_run(self, backend: Backend) -> None:
        """Also what comes after others were there: whatever was fetched first must not wait twice."""
        await backend.create_topic("t", 1)
        seconds = 60.0
        reader = Reader(backend, "g", ["t"], runs=["t"], linger={"t": lambda: seconds})
        reader.holding = lambda run: run.offsets[0] == 0
        async with reader.running():
            producer = reader.app.producer
            await producer.append_many({TP("t", 0): [Record(None, b"0")]})
            await reader.until(1)
            for number in range(1, 4):
                await producer.append_many({TP("t", 0): [Record(None, b"%d" % number)]})
                await settled(reader)
            assert reader.values == [b"0"]
            seconds = 0.0
            await settled(reader)
            assert reader.values == [b"0"], "the run before is not done"
            reader.released.set()
            await reader.until(4)
        assert [list(run.offsets) for run in reader.runs] == [[0], [1, 2, 3]]

    @scenario
    async def test_a_linger_ends_by_itself(self, backend: Backend) -> None:
        await backend.create_topic("t", 2)
        reader = Reader(backend, "g", ["t"], runs=["t"], linger={"t": lambda: 0.3})
        async with reader.running():
            for number in range(6):
                await reader.app.producer.append_many({TP("t", number % 2): [Record(None, b"%d" % number)]})
                await settled(reader)
            await reader.until(6)
            await reader.until_committed("t", 3, 0)
            await reader.until_committed("t", 3, 1)
        assert sorted(reader.values) == [b"%d" % number for number in range(6)]

    @scenario
    async def test_order_within_a_partition_holds_for_many_messages(self, backend: Backend) -> None:
        await backend.create_topic("t", 3)
        reader = Reader(backend, "g", ["t"], limits=FetchLimits(messages_in_flight=7))
        async with reader.running():
            await asyncio.gather(
                *[
                    reader.app.producer.append_many(
                        {TP("t", n % 3): [Record(None, b"%d/%d" % (n, i)) for i in range(20)]}
                    )
                    for n in range(9)
                ]
            )
            await reader.until(180)
        for partition in range(3):
            offsets = [e.message.offset for e in reader.events if e.message.partition == partition]
            assert offsets == list(range(60))
        assert len(set(reader.values)) == 180

    @scenario
    async def test_a_busy_partition_does_not_starve_another(self, backend: Backend) -> None:
        await backend.create_topic("busy", 1)
        await backend.create_topic("quiet", 1)
        limits = FetchLimits(run_records=10, bytes_in_flight=2000, fetch_bytes=1000, run_bytes=1000)
        reader = Reader(backend, "g", ["busy", "quiet"], runs=["busy", "quiet"], limits=limits)
        async with reader.running():
            await reader.app.producer.append_many(
                {TP("busy", 0): [Record(None, b"b" * 100)] * 500, TP("quiet", 0): [Record(None, b"q")]}
            )
            await reader.until(501)
        assert reader.values.index(b"q") < 250

    @scenario
    async def test_a_topic_gives_way_while_another_has_much_to_do(self, backend: Backend) -> None:
        reader = await self._slices_beside(backend)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(RunConsumer, "GIVES_WAY_SECONDS", 1000)
            async with reader.running():
                await reader.until(2)
                for number, value in enumerate((b"one", b"another"), 1):  # what is read, is read before the second
                    await reader.app.producer.append_many({TP("other", 0): [Record(None, value)]})
                    await reader.until(2 + number)
                assert b"slice" not in reader.values
                reader.released.set()
                assert (await reader.until(6)).index(b"slice") > reader.values.index(b"3")

    @scenario
    async def test_what_gives_way_is_read_after_a_while_all_the_same(self, backend: Backend) -> None:
        reader = await self._slices_beside(backend)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(RunConsumer, "GIVES_WAY_SECONDS", 0.1)
            async with reader.running():
                assert sorted(await reader.until(3)) == [b"1", b"2", b"slice"]
                reader.released.set()

    @scenario
    async def test_a_topic_keeps_pace_with_the_one_that_it_fills(self, backend: Backend) -> None:
        reader = await self._events_ahead(backend, lead=2)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(RunConsumer, "GIVES_WAY_SECONDS", 1000)
            async with reader.running():
                await reader.until(1)
                await asyncio.sleep(0.3)
                assert reader.values == [b"1"]
                reader.released.set()
                assert sorted(await reader.until(4)) == [b"1", b"2", b"3", b"event"]

    @scenario
    async def test_what_keeps_pace_may_be_ahead_by_a_few(self, backend: Backend) -> None:
        reader = await self._events_ahead(backend, lead=3)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(RunConsumer, "GIVES_WAY_SECONDS", 1000)
            async with reader.running():
                assert sorted(await reader.until(2)) == [b"1", b"event"]
                reader.released.set()

    async def _slices_beside(self, backend: Backend) -> Reader:
        """A reader of `slices`, which gives way to `filled`: of that two runs of one message are in work and a third
        waits.
        """
        limits = FetchLimits(run_records=1, runs_in_flight=2)
        return await self._beside_filled(
            backend, ["filled", "other", "slices"], b"slice", limits, gives_way={"slices": ("filled",)}
        )

    async def _events_ahead(self, backend: Backend, *, lead: int) -> Reader:
        """A reader of `events`, which keeps pace with `filled`: of that one run of one message is in work and two
        wait.
        """
        limits = FetchLimits(run_records=1, runs_in_flight=1, lead=lead)
        return await self._beside_filled(
            backend, ["filled", "events"], b"event", limits, keeps_pace={"events": ("filled",)}
        )

    @staticmethod
    async def _beside_filled(
        backend: Backend, topics: list[str], value: bytes, limits: FetchLimits, **rule: Mapping[str, tuple[str, ...]]
    ) -> Reader:
        """A reader of `topics` that is done with nothing of `filled` until it is released. `filled` has 1, 2 and 3, and
        the last of the topics the value.
        """
        for topic in topics:
            await backend.create_topic(topic, 1)
        reader = Reader(backend, "g", topics, runs=topics, limits=limits, **rule)
        reader.holding = lambda run: run.topic == "filled"
        writer = Reader(backend, "writer", [])
        async with writer.running():
            filled = [Record(None, b"%d" % number) for number in (1, 2, 3)]
            await writer.app.producer.append_many({TP("filled", 0): filled, TP(topics[-1], 0): [Record(None, value)]})
        return reader

    @scenario
    async def test_a_restarted_consumer_goes_on_after_what_was_committed(self, backend: Backend) -> None:
        await backend.create_topic("t", 1)
        first = Reader(backend, "g", ["t"])
        async with first.running():
            await first.app.producer.append_many({TP("t", 0): [Record(None, b"%d" % n) for n in range(10)]})
            await first.until(10)
            await first.until_committed("t", 10)
        second = Reader(backend, "g", ["t"])
        async with second.running():
            await second.app.producer.append_many({TP("t", 0): [Record(None, b"new")]})
            assert await second.until(1) == [b"new"]

    @scenario
    async def test_stopping_commits_what_is_done(self, backend: Backend) -> None:
        await backend.create_topic("t", 1)
        first = Reader(backend, "g", ["t"])
        first.app.conf.broker_commit_interval = 3600
        async with first.running():
            await first.app.producer.append_many({TP("t", 0): [Record(None, b"old")]})
            await first.until(1)
        second = Reader(backend, "g", ["t"])
        async with second.running():
            await second.app.producer.append_many({TP("t", 0): [Record(None, b"new")]})
            assert await second.until(1) == [b"new"]

    @scenario
    async def test_a_new_group_begins_with_the_earliest_record(self, backend: Backend) -> None:
        await backend.create_topic("t", 1)
        async with Reader(backend, "other", []).running() as writer:
            await writer.app.producer.append_many({TP("t", 0): [Record(None, b"%d" % n) for n in range(5)]})
        await backend.delete_before("t", 0, 2)
        reader = Reader(backend, "g", ["t"])
        async with reader.running():
            assert await reader.until(3) == [b"2", b"3", b"4"]
            assert await reader.app.consumer.earliest_offsets(TP("t", 0)) == {TP("t", 0): 2}
            assert await reader.app.consumer.highwaters(TP("t", 0)) == {TP("t", 0): 5}

    @scenario
    async def test_what_was_deleted_before_it_was_read_is_missed(self, backend: Backend) -> None:
        await backend.create_topic("t", 2)
        async with Reader(backend, "g", ["t"]).running() as reader:
            await reader.app.producer.append_many({TP("t", 0): [Record(None, b"%d" % n) for n in range(3)]})
            await reader.until_committed("t", 3)
        async with Reader(backend, "w", []).running() as writer:
            for partition in range(2):
                await writer.app.producer.append_many({TP("t", partition): [Record(None, b"x")] * 4})
        await backend.delete_before("t", 0, 5)
        await backend.delete_before("t", 1, 4)
        refused = Reader(backend, "g", ["t"])
        said = await refused.refusal()
        assert "t-0: 2 messages, offsets 3 to 4, were deleted before they were read" in said
        assert "t-1: 4 messages, offsets 0 to 3, were deleted" in said, "though nothing was ever read of it"
        assert "--accept-loss" in said
        lost = metric("suyuan_lost_messages_total", group="g", topic="t")
        accepting = Reader(backend, "g", ["t"], accept_loss=True)
        async with accepting.running():
            assert await accepting.until(2) == [b"x", b"x"]
            await accepting.until_committed("t", 7)
            await accepting.until_committed("t", 4, 1)
        assert metric("suyuan_lost_messages_total", group="g", topic="t") == lost + 6
        async with Reader(backend, "g", ["t"]).running() as reader:  # it was accepted once and for all
            await reader.app.producer.append_many({TP("t", 1): [Record(None, b"new")]})
            assert await reader.until(1) == [b"new"]

    @scenario
    async def test_what_is_deleted_while_it_waits_is_missed(self, backend: Backend) -> None:
        await backend.create_topic("t", 1)
        reader = Reader(backend, "g", ["t"], limits=FetchLimits(messages_in_flight=2))
        reader.holding = lambda _: True
        async with reader.running():
            await reader.app.producer.append_many({TP("t", 0): [Record(None, b"x" * 1_000_000)] * 12})
            await reader.until(2)
            await backend.delete_before("t", 0, 12)
            reader.released.set()
            await eventually(lambda: reader.app.crashed)
            said = str(reader.app.crash_reason)
        assert re.search(r"t-0: \d+ messages, offsets \d+ to 11, were deleted before they were read", said)

    @scenario
    async def test_groups_are_independent(self, backend: Backend) -> None:
        await backend.create_topic("t", 1)
        one, two = Reader(backend, "one", ["t"]), Reader(backend, "two", ["t"])
        async with one.running(), two.running():
            await one.app.producer.append_many({TP("t", 0): [Record(None, b"a"), Record(None, b"b")]})
            assert await one.until(2) == await two.until(2) == [b"a", b"b"]
            await one.until_committed("t", 2)
        late = Reader(backend, "late", ["t"])
        async with late.running():
            assert await late.until(2) == [b"a", b"b"]

    @scenario
    async def test_an_earlier_message_in_work_holds_back_the_commit(self, backend: Backend) -> None:
        """Faust alone commits past it (faust-streaming #606), and a crash then loses it."""
        await backend.create_topic("t", 1)
        reader = Reader(backend, "g", ["t"])
        reader.holding = lambda value: value == b"2"
        async with reader.running():
            await reader.app.producer.append_many({TP("t", 0): [Record(None, b"%d" % n) for n in range(6)]})
            await reader.until(6)
            await reader.until_committed("t", 2)
            await settled(reader)
            assert await reader.committed("t") == 2
            reader.released.set()
            await reader.until_committed("t", 6)

    @scenario
    async def test_an_earlier_run_in_work_holds_back_the_commit(self, backend: Backend) -> None:
        await backend.create_topic("t", 1)
        limits = FetchLimits(run_records=10, runs_in_flight=3)
        reader = Reader(backend, "g", ["t"], runs=["t"], limits=limits)
        reader.holding = lambda run: run.offsets[0] == 10
        async with reader.running():
            await reader.app.producer.append_many({TP("t", 0): [Record(None, b"x")] * 60})
            await reader.until_committed("t", 10)
            await settled(reader)
            assert await reader.committed("t") == 10
            assert len(reader.runs) <= 4  # what may wait behind the slow run is bounded
            reader.released.set()
            await reader.until_committed("t", 60)
        assert [offset for run in reader.runs for offset in run.offsets] == list(range(60))

    @scenario
    async def test_of_a_topic_whose_runs_are_joined_more_are_delivered_up_to_the_bytes_of_one(
        self, backend: Backend
    ) -> None:
        await backend.create_topic("t", 1)
        limits = FetchLimits(run_records=10, run_bytes=45, runs_in_flight=2)
        reader = Reader(backend, "g", ["t"], runs=["t"], limits=limits, joined=["t"])
        reader.holding = lambda _: True
        async with reader.running():
            await reader.app.producer.append_many({TP("t", 0): [Record(None, b"x")] * 60})
            await reader.until(45)
            await settled(reader)
            assert [len(run.offsets) for run in reader.runs] == [10, 10, 10, 10, 5]
            reader.released.set()
            await reader.until_committed("t", 60)
        assert [offset for run in reader.runs for offset in run.offsets] == list(range(60))

    @scenario
    async def test_what_was_not_acknowledged_comes_again_after_a_restart(self, backend: Backend) -> None:
        await backend.create_topic("t", 1)
        first = Reader(backend, "g", ["t"], stream_wait_empty=False)
        first.holding = lambda value: value == b"1"
        async with first.running():
            await first.app.producer.append_many({TP("t", 0): [Record(None, b"%d" % n) for n in range(4)]})
            await first.until(4)
            await first.until_committed("t", 1)
        second = Reader(backend, "g", ["t"])
        async with second.running():
            assert await second.until(3) == [b"1", b"2", b"3"]

    @scenario
    async def test_seek_delivers_again_from_there(self, backend: Backend) -> None:
        await backend.create_topic("t", 1)
        reader = Reader(backend, "g", ["t"])
        async with reader.running():
            await reader.app.producer.append_many({TP("t", 0): [Record(None, b"%d" % n) for n in range(5)]})
            await reader.until(5)
            await reader.until_committed("t", 5)
            await reader.app.consumer.seek(TP("t", 0), 3)
            await reader.until(7)
            await settled(reader)
            assert await reader.committed("t") == 5  # never back
            await reader.app.producer.append_many({TP("t", 0): [Record(None, b"5")]})
            await reader.until_committed("t", 6)
        assert reader.values == [b"0", b"1", b"2", b"3", b"4", b"3", b"4", b"5"]

    @scenario
    async def test_compaction_keeps_the_last_record_of_each_key_at_its_offset(self, backend: Backend) -> None:
        await backend.create_topic("t", 1, compacted=True)
        writer = Reader(backend, "w", [])
        async with writer.running():
            for n in range(4):
                await writer.app.producer.append_many(
                    {TP("t", 0): [Record(b"a", b"a%d" % n), Record(b"b", b"b%d" % n), Record(b"only%d" % n, b"!")]}
                )
            await writer.app.producer.append_many({TP("t", 0): [Record(b"newest", b"!")]})
        await backend.compact("t")
        reader = Reader(backend, "g", ["t"])
        async with reader.running():
            await eventually(lambda: reader.events and reader.events[-1].message.offset == 12)
            await reader.until_committed("t", 13)
        found = {event.message.offset: (event.message.key, event.value) for event in reader.events}
        latest = {key: offset for offset, (key, _) in sorted(found.items())}
        assert {key: found[offset] for key, offset in latest.items()} == {
            b"a": (b"a", b"a3"),
            b"b": (b"b", b"b3"),
            **{b"only%d" % n: (b"only%d" % n, b"!") for n in range(4)},
            b"newest": (b"newest", b"!"),
        }
        assert latest[b"a"], latest[b"b"] == (9, 10)
        assert len(found) < 13

    @scenario
    async def test_large_messages_pass(self, backend: Backend) -> None:
        await backend.create_topic("t", 1)
        values = [bytes([n]) * (900_000 + n) for n in range(12)]
        reader = Reader(backend, "g", ["t"], limits=FetchLimits(messages_bytes=2_000_000))
        async with reader.running():
            await reader.app.producer.append_many({TP("t", 0): [Record(None, value) for value in values]})
            assert await reader.until(12) == values

    @scenario
    async def test_a_table_is_recovered_from_its_changelog(self, backend: Backend) -> None:
        await backend.create_topic("t", 1)

        def counting() -> tuple[Reader, Any]:
            reader = Reader(backend, "g", [])
            counts = reader.app.Table("counts", default=int, partitions=1)

            async def count(stream: Any) -> None:
                async for event in stream.events():
                    counts[event.key.decode()] += 1
                    reader.events.append(event)

            reader.app.agent(reader.app.topic("t", key_serializer="raw", value_serializer="raw"))(count)
            return reader, counts

        first, counts = counting()
        async with first.running():
            keys = [b"a", b"b", b"a", b"a"]
            await first.app.producer.append_many({TP("t", 0): [Record(key, b"") for key in keys]})
            await first.until_committed("t", 4)
            assert (counts["a"], counts["b"]) == (3, 1)
        second, counts = counting()
        async with second.running():
            await eventually(lambda: dict(counts.items()) == {"a": 3, "b": 1})
            assert not second.events

    @scenario
    async def test_what_is_read_while_recovery_ends_is_not_lost(self, backend: Backend) -> None:
        """Faust lets messages in, seeks, and then empties the queues of its streams, where those lie whose agent is
        busy (faust/tables/recovery.py, on_recovery_completed).
        """
        await backend.create_topic("t", 1)

        await backend.create_topic("g-kept-changelog", 1, compacted=True)
        async with Reader(backend, "writer", []).running() as writer:
            await writer.app.producer.append_many(
                {
                    TP("g-kept-changelog", 0): [Record(b'"a"', b"1")],
                    TP("t", 0): [Record(None, b"1"), Record(None, b"2")],
                }
            )
        reader = Reader(backend, "g", [])
        table = reader.app.Table("kept", default=int, partitions=1)

        async def collect_slowly(stream: Any) -> None:
            async for event in stream.events():
                reader.events.append(event)
                await asyncio.sleep(1)

        reader.app.agent(reader.app.topic("t", key_serializer="raw", value_serializer="raw"))(collect_slowly)
        seek = reader.app.consumer.perform_seek

        async def slow_seek() -> None:
            await seek()
            await asyncio.sleep(0.5)

        reader.app.consumer.perform_seek = slow_seek
        async with reader.running():
            assert await reader.until(2) == [b"1", b"2"]
        assert dict(table.items()) == {"a": 1}
