"""The contract of transports over a real broker, and what only Kafka's has: rebalances, leases."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.records_to_delete import RecordsToDelete
from faust.types.tuples import TP
from kafka import KafkaAdminClient

from suyuan.connections.kafka import KafkaConnection
from suyuan.eventlog.records import Record
from suyuan.streams.transport.errors import LeaseLost
from suyuan.streams.transport.fetch_limits import FetchLimits
from suyuan.streams.transport.kafka import consumer, every_partition_owned
from tests.streams.transport.contract import Reader, TransportContract, eventually, scenario, settled
from tests.streams.transport.transactions import transactions

COMPACTED = {
    "cleanup.policy": "compact",
    "segment.ms": "1",  # the newest segment is never compacted: each append gets its own
    "min.cleanable.dirty.ratio": "0.001",
    "max.compaction.lag.ms": "1",
}
COMPACTION_PATIENCE_SECONDS = 90


class KafkaBackend:
    def __init__(self, connection: KafkaConnection) -> None:
        self.connection = connection
        self._others = self._topics()

    def url(self) -> str:
        return "suyuan-kafka://" + ";".join(self.connection.servers)

    async def create_topic(self, name: str, partitions: int, *, compacted: bool = False) -> None:
        admin = AIOKafkaAdminClient(**self.connection.aiokafka())
        await admin.start()
        try:
            await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=COMPACTED if compacted else {})])
        finally:
            await admin.close()

    async def compact(self, name: str) -> None:
        before = await self._count(name)
        async with asyncio.timeout(COMPACTION_PATIENCE_SECONDS):
            while await self._count(name) == before:  # noqa: ASYNC110 - the broker does it when it likes
                await asyncio.sleep(0.5)

    async def delete_before(self, name: str, partition: int, offset: int) -> None:
        admin = AIOKafkaAdminClient(**self.connection.aiokafka())
        await admin.start()
        try:
            await admin.delete_records({TP(name, partition): RecordsToDelete(before_offset=offset)})
        finally:
            await admin.close()

    async def _count(self, name: str) -> int:
        consumer = AIOKafkaConsumer(name, auto_offset_reset="earliest", **self.connection.aiokafka())
        await consumer.start()
        try:
            (at,) = consumer.assignment()
            end, found = (await consumer.end_offsets([at]))[at], 0
            while await consumer.position(at) < end:
                found += sum(map(len, (await consumer.getmany(timeout_ms=200)).values()))
            return found
        finally:
            await consumer.stop()

    def forget(self) -> None:
        """Delete the topics and the groups of the test: the next one uses the same names."""
        admin = KafkaAdminClient(**self.connection.kafka_python())
        try:
            admin.delete_topics(sorted(self._topics() - self._others))
            admin.delete_groups(["g", "late", "one", "other", "two", "w", "writer"])
        finally:
            admin.close()

    def _topics(self) -> set[str]:
        admin = KafkaAdminClient(**self.connection.kafka_python())
        try:
            return set(admin.list_topics())
        finally:
            admin.close()


class TestKafkaTransport(TransportContract):
    @pytest.fixture
    def backend(self, kafka: KafkaConnection) -> Iterator[KafkaBackend]:
        backend = KafkaBackend(kafka)
        yield backend
        backend.forget()

    @scenario
    async def test_two_that_start_at_once_miss_nothing(self, backend: KafkaBackend) -> None:
        """Plain Faust begins at whatever it had fetched where nothing is committed when the second one joins."""
        await backend.create_topic("t", 4)
        sent = {b"%d-%d" % (partition, n) for partition in range(4) for n in range(500)}
        async with Reader(backend, "writer", []).running() as writer:
            for partition in range(4):
                records = [Record(None, b"%d-%d" % (partition, n)) for n in range(500)]
                await writer.app.producer.append_many({TP("t", partition): records})
        readers = [Reader(backend, "g", ["t"], runs={"t"}) for _ in range(2)]
        async with readers[0].running(), readers[1].running():
            await eventually(lambda: {*readers[0].values, *readers[1].values} >= sent)

    @scenario
    async def test_messages_after_a_rest_come_at_once(self, backend: KafkaBackend) -> None:
        """However long the brokers may wait with an answer of nothing."""
        await backend.create_topic("t", 2)
        reader = Reader(backend, "g", ["t"], runs={"t"})
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(consumer, "IDLE_SECONDS", 0.5)
            patched.setattr(consumer, "IDLE_FETCH_WAIT_MS", 60_000)
            async with reader.running():
                fetcher = reader.app.consumer._fetcher
                await eventually(lambda: fetcher._fetch_max_wait_ms == 60_000)
                await asyncio.sleep(0.5)  # by now such a request is under way
                for number in range(4):  # the first is in the request that waits
                    await reader.app.producer.append_many({TP("t", number % 2): [Record(None, b"%d" % number)]})
                    await eventually(lambda wanted=number + 1: len(reader.values) == wanted)

    @scenario
    async def test_no_request_waits_beyond_a_linger(self, backend: KafkaBackend) -> None:
        """It would hold up the partition that is to be read then, which is not in it."""
        await backend.create_topic("t", 1)
        reader = Reader(backend, "g", ["t"], runs={"t"}, linger={"t": lambda: 0.2})
        waits: list[int] = []

        def noted(fetcher: Any, milliseconds: int) -> None:
            waits.append(milliseconds)
            fetcher._fetch_max_wait_ms = milliseconds

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(consumer, "FETCH_WAIT_MS", 10_000)
            patched.setattr(consumer.internals, "have_fetches_wait", noted)
            async with reader.running():
                await reader.app.producer.append_many({TP("t", 0): [Record(None, b"0")]})
                await reader.until(1)
        assert 0 < min(waits) <= 200

    @scenario
    async def test_partitions_move_when_another_comes_and_goes(self, backend: KafkaBackend) -> None:
        await backend.create_topic("t", 4)
        first, second = (Reader(backend, "g", ["t"], runs={"t"}) for _ in range(2))
        written: list[bytes] = []

        async def write(round_: int) -> None:
            for partition in range(4):
                records = [Record(None, b"%d-%d-%d" % (round_, partition, n)) for n in range(50)]
                written.extend(record.value for record in records)
                await first.app.producer.append_many({TP("t", partition): records})

        async with first.running():
            await write(0)
            await first.until(200)
            async with second.running():
                await eventually(lambda: len(second.app.consumer.assignment()) == len(first.app.consumer.assignment()))
                await write(1)
                await eventually(lambda: {*first.values, *second.values} >= set(written))
                assert second.values
            await eventually(lambda: len(first.app.consumer.assignment()) == 4)
            await write(2)
            await eventually(lambda: {*first.values, *second.values} >= set(written))

    @scenario
    async def test_a_process_that_stood_still_for_too_long_writes_no_more(self, backend: KafkaBackend) -> None:
        await backend.create_topic("t", 1)
        async with Reader(backend, "g", ["t"]).running() as reader:
            producer: Any = reader.app.producer
            reader.app.consumer._lease_ends = 0.0  # as after a pause, before the next heartbeat
            reader.app.rebalancing = True  # as when the coordinator answers that it does not know us
            with pytest.raises(LeaseLost):
                await producer.append_many({TP("t", 0): [Record(None, b"1")]})
            with pytest.raises(LeaseLost):
                await producer.send("t", None, b"2", 0, None, None)
            reader.app.rebalancing = False

    @scenario
    async def test_what_was_under_way_while_a_process_stood_still_is_not_taken_for_written(
        self, backend: KafkaBackend
    ) -> None:
        """The broker may have it behind what the next owner wrote: a state that took it would be past that."""
        await backend.create_topic("t", 1)
        async with Reader(backend, "g", ["t"]).running() as reader:
            producer, consumer = reader.app.producer, reader.app.consumer
            assert consumer.holds_lease, "a partition comes with the lease"
            append = producer._append

            async def append_and_stand_still(*record: Any) -> list[int]:
                offsets: list[int] = await append(*record)
                consumer._lease_ends = 0.0
                reader.app.rebalancing = True
                return offsets

            producer._append = append_and_stand_still
            with pytest.raises(LeaseLost):
                await producer.append_many({TP("t", 0): [Record(None, b"1")]})
            connection = next(iter(producer._kafka.client._conns.values()))
            with pytest.raises(ConnectionAbortedError):
                connection._writer.write(b"\0\0\0\2\0\0")
            reader.app.rebalancing = False

    @scenario
    async def test_brokers_that_were_away_for_too_long_are_waited_for(self, backend: KafkaBackend) -> None:
        await backend.create_topic("t", 1)
        async with Reader(backend, "g", ["t"]).running() as reader:
            reader.app.consumer._lease_ends = 0.0  # until the next heartbeat is answered
            await reader.app.producer.append_many({TP("t", 0): [Record(None, b"1")]})
            assert await reader.until(1) == [b"1"]

    @scenario
    async def test_what_a_transaction_broke_off_is_not_read_and_its_end_is_no_backlog(
        self, backend: KafkaBackend
    ) -> None:
        await backend.create_topic("t", 1)
        with transactions(backend.connection) as first, transactions(backend.connection) as second:
            await asyncio.to_thread(first.commit, "t", 0, b"0", b"1")
            await asyncio.to_thread(first.abort, "t", 0, b"gone", b"gone too")
            await asyncio.to_thread(first.begin, "t", 0, b"2")
            await asyncio.to_thread(second.abort, "t", 0, b"between")
            await asyncio.to_thread(first.end)
            await asyncio.to_thread(second.abort, "t", 0, b"last")
            async with Reader(backend, "g", ["t"], runs={"t"}).running() as reader:
                (end,) = (await reader.app.consumer.highwaters(TP("t", 0))).values()
                await reader.until_committed("t", end)
                assert reader.values == [b"0", b"1", b"2"]
                await asyncio.to_thread(second.abort, "t", 0, b"later")  # nothing but what nobody reads
                await reader.until_committed("t", end + 2)
                await asyncio.to_thread(first.begin, "t", 0, b"3")
                assert await reader.app.consumer.highwaters(TP("t", 0)) == {TP("t", 0): end + 2}
                await settled(reader)
                assert reader.values == [b"0", b"1", b"2"], "not committed yet"
                await asyncio.to_thread(first.end)
                await reader.until_committed("t", end + 4)
                assert reader.values == [b"0", b"1", b"2", b"3"]

    @scenario
    async def test_a_slow_message_holds_back_the_end_of_a_transaction(self, backend: KafkaBackend) -> None:
        await backend.create_topic("t", 1)
        reader = Reader(backend, "g", ["t"])
        reader.holding = lambda value: value == b"1"
        with transactions(backend.connection) as publisher:
            await asyncio.to_thread(publisher.commit, "t", 0, b"0", b"1")
            async with reader.running():
                await reader.until(2)
                await reader.until_committed("t", 1)
                await settled(reader)
                assert await reader.committed("t") == 1
                reader.released.set()
                await reader.until_committed("t", 3)

    @scenario
    async def test_what_brokers_do_not_name_yet_is_waited_for(self, backend: KafkaBackend) -> None:
        """As just after their start: else the group's leader leaves the topic out, for five minutes."""
        await backend.create_topic("t", 2)
        async with Reader(backend, "g", ["t"]).running() as reader:
            coordinator = reader.app.consumer._coordinator
            cluster = coordinator._cluster
            update, answers = cluster.update_metadata, 0

            def knowing_nothing_at_first(metadata: Any) -> None:
                nonlocal answers
                answers += 1
                update(metadata)
                if answers <= 3:
                    cluster._partitions = {}

            cluster.update_metadata = knowing_nothing_at_first
            await coordinator._client.force_metadata_update()
            generation = coordinator.generation
            coordinator.request_rejoin()
            await eventually(lambda: coordinator.generation > generation and not reader.app.rebalancing)
            await reader.app.producer.append_many({TP("t", 0): [Record(None, b"1")], TP("t", 1): [Record(None, b"2")]})
            assert set(await reader.until(2)) == {b"1", b"2"}
            assert answers > 3

    @scenario
    async def test_partitions_that_were_dealt_to_nobody_find_an_owner(self, backend: KafkaBackend) -> None:
        await backend.create_topic("t", 2)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(every_partition_owned, "CHECK_SECONDS", 0.5)
            await self._lose_all_partitions(backend)

    async def _lose_all_partitions(self, backend: KafkaBackend) -> None:
        async with Reader(backend, "g", ["t"]).running() as reader:
            coordinator, assignor = reader.app.consumer._coordinator, reader.app.assignor
            assign = assignor.assign

            def to_nobody(cluster: Any, members: Any) -> Any:
                assignor.assign = assign
                known, cluster._partitions = cluster._partitions, {}
                try:
                    return assign(cluster, members)
                finally:
                    cluster._partitions = known

            assignor.assign = to_nobody
            coordinator.request_rejoin()
            await eventually(lambda: assignor.assign == assign and not reader.app.consumer.assignment())
            await reader.app.producer.append_many({TP("t", 0): [Record(None, b"1")], TP("t", 1): [Record(None, b"2")]})
            assert set(await reader.until(2)) == {b"1", b"2"}

    @scenario
    async def test_large_batches_of_many_partitions_are_not_held_unpacked(self, backend: KafkaBackend) -> None:
        """Each may be 64 MiB: beyond a limit the rest of one is fetched again."""
        await backend.create_topic("t", 3)
        written = {n: [b"%d-%d" % (n, each) for each in range(1000)] for n in range(3)}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(consumer, "UNPACKED_BYTES", -1)
            limits = FetchLimits(run_records=150)
            async with Reader(backend, "g", ["t"], runs={"t"}, limits=limits).running() as reader:
                records = {TP("t", n): [Record(None, value) for value in values] for n, values in written.items()}
                await reader.app.producer.append_many(records)
                await reader.until(3000)
                assert all(len(run.values) <= 150 for run in reader.runs)
                for n, values in written.items():
                    assert [value for run in reader.runs if run.partition == n for value in run.values] == values
