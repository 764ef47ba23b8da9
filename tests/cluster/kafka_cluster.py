"""The topics of Suyuan on a real broker, and `suyuan worker` as processes of their own. Seen like a `World`."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager, suppress

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from suyuan.errors import SuyuanError
from suyuan.operations.consumer_lag import GroupLag
from suyuan.operations.topics.create import make_topics
from suyuan.operations.topics.spec import wanted_topics
from suyuan.schemas.blocks import decode_block
from suyuan.streams.consumer_group import GROUP
from suyuan.streams.topology import READ_TOPICS
from tests import prepared
from tests.streams.event_messages import event_messages
from tests.streams.world import in_topics

COMMAND = (sys.executable, "-m", "suyuan.cli.main")
PATIENCE_SECONDS = 240
SESSION_SECONDS = "6"
"""the least that a broker of stock settings allows"""


class KafkaCluster:
    """Made anew: nobody else may use Suyuan's topics on that broker meanwhile."""

    session_seconds = SESSION_SECONDS
    log_mode = "w"
    """of a worker's log: "a" keeps what the one before it said"""

    def __init__(self, connection, folder, partitions):
        self.connection = connection
        self.folder = folder
        self.partitions = partitions
        self._workers = []
        made = make_topics(connection, partitions)
        assert not made.there, "another test left its topics"

    def end(self):
        for worker in self._workers:
            worker.kill()
            worker.wait()
        admin = KafkaAdminClient(**self.connection.kafka_python())
        try:
            admin.delete_topics([topic.name for topic in wanted_topics(self.partitions)])
            admin.delete_groups([GROUP, "loader"])
        finally:
            admin.close()

    def publish_events(self, events, timestamp_ms=None):
        producer = KafkaProducer(**self.connection.kafka_python(), linger_ms=5, compression_type="lz4")
        try:
            sent = [
                producer.send(topic, value=value, key=key, partition=partition, timestamp_ms=timestamp_ms)
                for topic, partition, key, value in event_messages(events, self.partitions)
            ]
            producer.flush()
            for each in sent:
                each.get()
        finally:
            producer.close()

    def begin_worker(self, name, *arguments):
        """A worker with the state folder of that name, not waited for."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SUYUAN_")},
            "SUYUAN_KAFKA": ",".join(self.connection.servers),
            "SUYUAN_DATA": str(self.folder / name),
            "SUYUAN_KAFKA_SESSION_SECONDS": self.session_seconds,
        }
        with (self.folder / f"{name}.log").open(self.log_mode, encoding="utf-8") as log:
            process = prepared.Popen(
                [*COMMAND, "worker", *arguments], env=environment, stdout=log, stderr=log, start_new_session=True
            )
        self._workers.append(process)
        return process

    def said(self, name):
        """The end of what the last worker of that name said."""
        return self.whole_log(name)[-8000:]

    def whole_log(self, name):
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def wait_said(self, name, words):
        """Until a worker of that name has said the words."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while words not in self.said(name):
            assert time.monotonic() < deadline, self.said(name)
            time.sleep(0.1)

    def work_once(self, workers=1):
        """So many workers, started together, until nothing is left."""
        names = [f"worker-{number}" for number in range(workers)]
        processes = [self.begin_worker(name, "--once") for name in names]
        for name, process in zip(names, processes, strict=True):
            assert process.wait(PATIENCE_SECONDS) == 0, self.said(name)

    @contextmanager
    def progress(self):
        """A function that says how many messages the group has done, and how many it has yet to do."""
        lag = GroupLag(self.connection, GROUP, READ_TOPICS)

        def done_and_left():
            progress = lag.progress().values()
            return sum(seen.committed for seen in progress), sum(max(0, seen.end - seen.committed) for seen in progress)

        try:
            yield done_and_left
        finally:
            lag.close()

    def wait_drained(self, patience=PATIENCE_SECONDS):
        """Until the group has done everything."""
        deadline = time.monotonic() + patience
        with self.progress() as progress:
            left = True
            while left:
                assert time.monotonic() < deadline, left
                time.sleep(0.2)
                with suppress(SuyuanError):  # a broker that is restarted
                    _, left = progress()

    def published(self):
        """Every (topic, partition, offset) that publishers wrote."""
        ours = [TopicPartition(topic, number) for topic in in_topics() for number in range(self.partitions)]
        consumer = KafkaConsumer(**self.connection.kafka_python())
        try:
            ends = consumer.end_offsets(ours)
        finally:
            consumer.close()
        return {(at.topic, at.partition, offset) for at in ours for offset in range(ends[at])}

    def rows(self, topic):
        """Every row that was ever sent to a topic of blocks."""
        consumer = KafkaConsumer(**self.connection.kafka_python(), isolation_level="read_committed")
        try:
            ours = [TopicPartition(topic, number) for number in range(self.partitions)]
            consumer.assign(ours)
            consumer.seek_to_beginning(*ours)
            ends = consumer.end_offsets(ours)
            while any(consumer.position(at) < ends[at] for at in ours):
                for records in consumer.poll(1000).values():
                    for record in records:
                        yield from decode_block(record.value).iter_rows(named=True)
        finally:
            consumer.close()
