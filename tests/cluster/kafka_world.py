"""The stream app in this process, over a real broker; see `tests.streams.faults.world`."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from suyuan.operations.consumer_lag import GroupLag
from suyuan.streams.app import StreamApp
from suyuan.streams.consumer_group import GROUP
from suyuan.streams.topology import READ_TOPICS
from tests.cluster.kafka_cluster import KafkaCluster

PATIENCE_SECONDS = 180
LARGEST_BYTES = 32 << 20


class KafkaWorld(KafkaCluster):
    """A cluster that one app works on."""

    dead_letter_limit = None

    def publish(self, topic, partition, values, keys=None):
        producer = KafkaProducer(**self.connection.kafka_python(), linger_ms=5, max_request_size=LARGEST_BYTES)
        try:
            keys = keys or [None] * len(values)
            sent = [
                producer.send(topic, value, key, partition=partition) for key, value in zip(keys, values, strict=True)
            ]
            offsets = [each.get(timeout=PATIENCE_SECONDS).offset for each in sent]
        finally:
            producer.close()
        assert offsets == list(range(offsets[0], offsets[0] + len(offsets)))
        return offsets[0]

    def value(self, topic, partition, offset):
        at = TopicPartition(topic, partition)
        consumer = KafkaConsumer(**self.connection.kafka_python(), enable_auto_commit=False)
        try:
            consumer.assign([at])
            consumer.seek(at, offset)
            return consumer.poll(PATIENCE_SECONDS * 1000, max_records=1)[at][0].value
        finally:
            consumer.close()

    def committed(self, topic, partition):
        at = TopicPartition(topic, partition)
        admin = KafkaAdminClient(**self.connection.kafka_python())
        try:
            return max(0, admin.list_group_offsets({GROUP: [at]})[GROUP][at].offset)
        finally:
            admin.close()

    @asynccontextmanager
    async def running(self):
        app = StreamApp(
            f"suyuan-kafka://{';'.join(self.connection.servers)}",
            self.folder / "state",
            partitions=self.partitions,
            kafka=self.connection,
            session_seconds=6,
            slice_rows=20,
            dead_letter_limit=self.dead_letter_limit,
        )
        try:
            await app.start()
            yield app
        finally:
            await app.stop()

    async def drained(self, app):
        lag = await asyncio.to_thread(GroupLag, self.connection, GROUP, READ_TOPICS)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while any(seen.committed < seen.end for seen in (await asyncio.to_thread(lag.progress)).values()):
                    app.check()
                    if app.failure.done():
                        raise app.failure.result()
                    await asyncio.sleep(0.1)
        finally:
            await asyncio.to_thread(lag.close)
