"""One system of each shape, made as its operator makes it, and what tests put into it by other ways than its face."""

from __future__ import annotations

from contextlib import contextmanager

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient

from suyuan.eventlog.log import Log, Record, TopicConfig
from suyuan.operations.topics.create import make_topics
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import Settings
from suyuan.schemas.topics import TOPICS
from suyuan.sinks.clickhouse import ClickHouse, ClickHouseSettings
from suyuan.sinks.migrations import migrate
from suyuan.streams.consumer_group import GROUP
from tests.sinks.conftest import WITHOUT_FSYNC, emptied
from tests.sinks.front_process import FrontProcess

PARTITIONS = 2


class EmbeddedShape:
    """A folder in which everything has been made."""

    name = "embedded"
    checks = frozenset({"process", "partitions", "events", "log"})
    foreign_checks = frozenset({"kafka", "clickhouse", "secrecy"})

    def __init__(self, folder):
        self.settings = Settings(data=folder, partitions=PARTITIONS, fsync=False)
        self.deployment = deployment_of(self.settings)
        with Log.open(folder, role="publish", fsync="never") as log:
            for topic in TOPICS:
                log.create_topic(topic.name, PARTITIONS, TopicConfig(topic.compacted))

    def append(self, topic, partition, *values):
        with Log.open(self.settings.data, role="publish", fsync="never") as log:
            log.append(topic, partition, [Record(b"k", value) for value in values])

    def commit(self, offsets):
        with Log.open(self.settings.data, role="publish", fsync="never") as log:
            log.commit(GROUP, offsets)

    def committed(self, at):
        with Log.open(self.settings.data, role="read") as log:
            return log.committed(GROUP, *at)[0]

    def delete_before(self, at, offset):
        with Log.open(self.settings.data, role="publish", fsync="never") as log:
            log.delete_before(*at, offset)

    @contextmanager
    def tables(self):
        with ClickHouse(ClickHouseSettings(path=self.settings.data / "clickhouse")) as clickhouse:
            migrate(clickhouse.writer, placeholders=WITHOUT_FSYNC)
            yield clickhouse

    def end(self):
        """Nothing runs."""


class ClusterShape:
    """A broker and a server of ClickHouse's HTTP interface."""

    name = "cluster"
    checks = frozenset({"kafka", "clickhouse", "secrecy", "topics"})
    foreign_checks = frozenset({"process", "partitions", "events", "log"})

    def __init__(self, broker, folder):
        self._connection = broker.connection
        make_topics(broker.connection, PARTITIONS)
        self._front = FrontProcess(folder / "clickhouse")
        self._front.start()
        self.settings = Settings(
            data=folder / "worker",
            partitions=PARTITIONS,
            kafka=",".join(broker.servers),
            clickhouse=f"127.0.0.1:{self._front.port}",
        )
        self.deployment = deployment_of(self.settings)
        with ClickHouse(self._front.settings) as clickhouse:
            migrate(clickhouse.writer, placeholders=WITHOUT_FSYNC)

    def append(self, topic, partition, *values):
        producer = KafkaProducer(**self._connection.kafka_python())
        for each in [producer.send(topic, value, b"k", partition=partition) for value in values]:
            each.get(timeout=60)
        producer.close()

    def commit(self, offsets):
        consumer = KafkaConsumer(**self._connection.kafka_python(), group_id=GROUP, enable_auto_commit=False)
        consumer.assign([TopicPartition(*at) for at in offsets])
        for at, offset in offsets.items():
            consumer.seek(TopicPartition(*at), offset)
        consumer.commit()
        consumer.close()

    def committed(self, at):
        admin = KafkaAdminClient(**self._connection.kafka_python())
        try:
            return admin.list_group_offsets({GROUP: None})[GROUP][TopicPartition(*at)].offset
        finally:
            admin.close()

    def delete_before(self, at, offset):
        admin = KafkaAdminClient(**self._connection.kafka_python())
        try:
            admin.delete_records({TopicPartition(*at): offset})
        finally:
            admin.close()

    @contextmanager
    def tables(self):
        with ClickHouse(self._front.settings) as clickhouse:
            yield emptied(clickhouse)

    def end(self):
        self._front.kill()
