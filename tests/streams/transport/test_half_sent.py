"""A request that a process had half sent when it stood still."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from faust.types.tuples import TP
from kafka.admin import NewTopic

from suyuan.connections.asyncio_internals import socket_transport
from suyuan.eventlog.records import Record
from suyuan.operations.kafka_admin import administration
from suyuan.streams.transport.errors import LeaseLost
from tests.brokers import Broker
from tests.streams.transport.contract import Reader, eventually

pytestmark = pytest.mark.real_time

MORE_THAN_THE_SYSTEM_TAKES = os.urandom(24 << 20)
AT = TP("t", 0)


@pytest.fixture(params=["plaintext", "TLS"])
def broker(request: pytest.FixtureRequest, start_broker: Any, tmp_path: Path) -> Iterator[Broker]:
    with start_broker(tmp_path / "broker", secure=request.param == "TLS") as broker:
        yield broker


class Backend:
    def __init__(self, broker: Broker) -> None:
        self._servers = broker.servers

    def url(self) -> str:
        return "suyuan-kafka://" + ";".join(self._servers)


def test_the_rest_is_not_sent_without_a_lease(broker: Broker) -> None:
    asyncio.run(lose_the_lease_within_a_request(broker))


async def lose_the_lease_within_a_request(broker: Broker) -> None:
    with administration(broker.connection) as admin:
        admin.create_topics([NewTopic("t", 1, 1, topic_configs={"max.message.bytes": str(32 << 20)})])
    reader: Any = Reader(Backend(broker), "g", ["t"], kafka=broker.connection)
    async with reader.running():
        producer, consumer = reader.app.producer, reader.app.consumer
        await producer.append_many({AT: [Record(None, b"before")]})
        broker.pause()
        half_sent = asyncio.create_task(producer.append_many({AT: [Record(None, MORE_THAN_THE_SYSTEM_TAKES)]}))
        await eventually(lambda: left_to_send(producer) > 1 << 20)
        consumer._lease_ends = 0.0  # as after a pause, before the next heartbeat
        reader.app.rebalancing = True  # as when the coordinator answers that it does not know us
        broker.resume()
        try:
            with pytest.raises(LeaseLost):
                await half_sent
        finally:
            reader.app.rebalancing = False
        assert (await consumer.highwaters(AT))[AT] == 1


def left_to_send(producer: Any) -> int:
    connections = producer._kafka.client._conns.values()
    transports = [connection._writer.transport for connection in connections]
    return max(socket_transport(transport).get_write_buffer_size() for transport in transports)
