from __future__ import annotations

from contextlib import contextmanager
from functools import partial

import pytest
from kafka import KafkaConsumer, TopicPartition

from suyuan.operations.topics.create import make_topics
from tests.cli.conftest import data, suyuan  # noqa: F401 - fixtures
from tests.connections.conftest import unused_port  # noqa: F401 - fixture

PARTITIONS = 3


@pytest.fixture(scope="module")
def publishing_broker(start_broker, share_broker):
    """A cluster of one with every topic, of three partitions each."""
    return share_broker("publishing_broker", partial(with_topics, start_broker))


@contextmanager
def with_topics(start_broker, folder):
    with start_broker(folder) as broker:
        make_topics(broker.connection, PARTITIONS)
        yield broker


@pytest.fixture
def broker(publishing_broker):
    return publishing_broker


@pytest.fixture
def connection(publishing_broker):
    return publishing_broker.connection


class Log:
    """What has come to topics since this was made."""

    def __init__(self, connection):
        self._consumer = KafkaConsumer(**connection.kafka_python())
        self._begin = {}

    def ends(self, *topics):
        partitions = [TopicPartition(topic, at) for topic in topics for at in range(PARTITIONS)]
        return self._consumer.end_offsets(partitions)

    def read(self, topic):
        """Records, by partition and offset."""
        ends = self.ends(topic)
        self._consumer.assign(list(ends))
        found = []
        for at in ends:
            self._consumer.seek(at, self._begin.get(at, 0))
        while any(self._consumer.position(at) < end for at, end in ends.items()):
            found += [record for records in self._consumer.poll(timeout_ms=1000).values() for record in records]
        return sorted(found, key=lambda record: (record.partition, record.offset))

    def skip(self, *topics):
        self._begin |= self.ends(*topics)

    def close(self):
        self._consumer.close()


@pytest.fixture
def log(connection):
    opened = Log(connection)
    opened.skip("in.listing", "in.recall", "in.day", "in.lot")
    yield opened
    opened.close()
