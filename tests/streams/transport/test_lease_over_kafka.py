"""A worker's lease on its partitions, and a real broker that was away for longer than the lease."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from faust.types.tuples import TP
from kafka.admin import NewTopic

from suyuan.eventlog.records import Record
from suyuan.operations.kafka_admin import administration
from tests.streams.transport.contract import Reader, eventually
from tests.streams.transport.test_half_sent import Backend

pytestmark = pytest.mark.real_time

AT = TP("t", 0)


@pytest.mark.parametrize("acknowledged", [True, False])
def test_brokers_that_were_away_for_longer_than_the_lease_give_it_back(start_broker, tmp_path, acknowledged):
    """The coordinator knows the worker still; there is nothing new to commit, or nothing ever was."""

    async def scenario(broker: Any) -> None:
        with administration(broker.connection) as admin:
            admin.create_topics([NewTopic("t", 1, 1)])
        reader: Any = Reader(Backend(broker), "g", ["t"], kafka=broker.connection)
        reader.holding = lambda _: not acknowledged
        async with reader.running():
            producer, consumer = reader.app.producer, reader.app.consumer
            await producer.append_many({AT: [Record(None, b"before")]})
            await reader.until(1)
            if acknowledged:
                await eventually(lambda: consumer._committed[AT] == 1)
            generation = reader.app.consumer_generation_id
            await asyncio.to_thread(broker.stop)
            consumer._lease_ends = 0.0  # as after a session's time
            await asyncio.to_thread(broker.restart)
            await asyncio.wait_for(producer.append_many({AT: [Record(None, b"after")]}), 90)
            assert consumer.holds_lease
            assert reader.app.consumer_generation_id == generation
            known = await consumer._coordinator.fetch_committed_offsets([AT])
            assert known[AT].offset >= acknowledged
            reader.released.set()

    with start_broker(tmp_path / "broker") as broker:
        asyncio.run(scenario(broker))
