"""The loaders' topics on a real broker, under names of a test's own."""

from __future__ import annotations

from collections import defaultdict

from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewTopic

from suyuan.sinks.kafka_log import KafkaLog
from suyuan.sinks.tables import GROUP, TARGETS
from tests.sinks.memory_log import KilledError

TOPICS = [target.topic for target in TARGETS]


class NamedKafkaLog:
    """A KafkaLog whose topics are named `<prefix><topic>` on the broker. `append` and `crash_at_commit`: as MemoryLog
    has them.
    """

    def __init__(self, connection, prefix, **options):
        self._prefix = prefix
        self._producer = KafkaProducer(**connection.kafka_python(), max_request_size=8 << 20)
        self.kafka = KafkaLog(connection, [prefix + topic for topic in TOPICS], prefix + GROUP, **options)
        self.commits = 0
        self.crash_at_commit = None

    def append(self, topic, partition, *values):
        sent = [self._producer.send(self._prefix + topic, value=value, partition=partition) for value in values]
        for each in sent:
            each.get(timeout=60)

    def partitions(self, topic):
        return self.kafka.partitions(self._prefix + topic)

    def end_offsets(self):
        return self._named(self.kafka.end_offsets())

    def start_offsets(self):
        return self._named(self.kafka.start_offsets())

    def fetch(self, topic, *arguments):
        return self.kafka.fetch(self._prefix + topic, *arguments)

    def join(self):
        """What it owns; None while the group is dealing."""
        owned = self.kafka.join(0.1)
        return None if owned is None else {topic.removeprefix(self._prefix) for topic in owned}

    def is_another(self, topic):
        return self.kafka.is_another(self._prefix + topic)

    def register(self, group, topics):
        self.kafka.register(self._prefix + group, [self._prefix + topic for topic in topics])

    def committed(self, group, topic, partition):
        return self.kafka.committed(self._prefix + group, self._prefix + topic, partition)

    def committed_in(self, group, topic):
        return self._named(self.kafka.committed_in(self._prefix + group, self._prefix + topic), dict)

    def commit(self, group, offsets, metadata=None):
        self.commits += 1
        if self.commits == self.crash_at_commit:
            raise KilledError
        named = {(self._prefix + topic, partition): offset for (topic, partition), offset in offsets.items()}
        texts = {(self._prefix + topic, partition): text for (topic, partition), text in (metadata or {}).items()}
        self.kafka.commit(self._prefix + group, named, texts)

    def close(self):
        self._producer.close()
        self.kafka.close()

    def _named(self, offsets, made=lambda: defaultdict(int)):
        found = made()
        found |= {(topic.removeprefix(self._prefix), partition): end for (topic, partition), end in offsets.items()}
        return found


def settled(*logs):
    """The topics that each owns, once all are dealt out."""
    while True:
        owned = [log.join() for log in logs]
        if None not in owned and sorted(topic for each in owned for topic in each) == sorted(TOPICS):
            return owned


def make_topics(connection, prefix, partitions=2, topics=TOPICS, **configs):
    with_configs = {name.replace("_", "."): value for name, value in configs.items()}
    admin = KafkaAdminClient(**connection.kafka_python())
    made = [NewTopic(prefix + topic, partitions, 1, topic_configs=with_configs) for topic in topics]
    admin.create_topics(made, wait_for_metadata=True)
    admin.close()
