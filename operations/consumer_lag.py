"""How far a group is behind the ends of its topics, read from the brokers."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import ExitStack

from kafka import IsolationLevel, OffsetSpec, TopicPartition
from kafka.errors import KafkaError

from suyuan.connections.kafka import KafkaConnection
from suyuan.errors import ErrorKind
from suyuan.operations.kafka_admin import BrokersError, administration
from suyuan.operations.topics.check import Described
from suyuan.operations.work_left import WorkLeft
from suyuan.sinks.tables import GROUP as LOADERS
from suyuan.sinks.tables import TARGETS
from suyuan.streams.consumer_group import GROUP as STAGES
from suyuan.streams.topology import READ_TOPICS
from suyuan.streams.watchdog import Progress


class GroupLag:
    """Keeps a connection. Calls block; thread-safe. Raises BrokersError where no broker answers."""

    def __init__(self, connection: KafkaConnection, group: str, topics: Iterable[str]) -> None:
        self._open = ExitStack()
        self._client = self._open.enter_context(administration(connection))
        self._group = group
        self._turn = threading.Lock()
        self._topics = sorted(topics)
        described = self._client.describe_topics(self._topics)
        self._partitions = [
            TopicPartition(topic["name"], partition["partition_index"])
            for topic in described
            for partition in topic["partitions"]
        ]

    def progress(self) -> dict[tuple[str, int], Progress]:
        """Progress of every partition. Commits are read before the ends: where all are equal, nothing was left to do
        then. Messages of an open transaction are behind the end: nobody can have read them. Raises BrokersError where
        the brokers do not answer, or are not ready to: worth another try.
        """
        try:
            with self._turn:
                return self._progress()
        except (KafkaError, OSError) as error:
            raise BrokersError(
                f"no broker says how far group {self._group} is: {error!r}", ErrorKind.UNAVAILABLE
            ) from error

    def described(self) -> Described:
        """The topics as they are now. Raises as `progress`."""
        try:
            with self._turn:
                return Described.of(self._client, self._topics)
        except (KafkaError, OSError) as error:
            raise BrokersError(f"no broker describes the topics: {error!r}", ErrorKind.UNAVAILABLE) from error

    def _progress(self) -> dict[tuple[str, int], Progress]:
        committed = self._client.list_group_offsets({self._group: None})[self._group]
        starts = self._client.list_partition_offsets(dict.fromkeys(self._partitions, OffsetSpec.EARLIEST))
        ends = self._client.list_partition_offsets(
            dict.fromkeys(self._partitions, OffsetSpec.LATEST), isolation_level=IsolationLevel.READ_COMMITTED
        )
        progress = {}
        for at in self._partitions:
            known = committed[at].offset if at in committed else 0
            progress[at.topic, at.partition] = Progress(max(known, starts[at].offset), ends[at].offset)
        return progress

    def partitions(self, topic: str) -> int:
        """How many there were at the start; 0: the brokers did not know the topic."""
        return sum(at.topic == topic for at in self._partitions)

    def close(self) -> None:
        """Disconnect."""
        self._open.close()


def cluster_work_left(connection: KafkaConnection, partitions: int) -> WorkLeft:
    """`partitions`: as many are there where the brokers do not know. Raises as GroupLag."""
    read: dict[tuple[str, str, int], Progress] = {}
    for group, topics in ((STAGES, READ_TOPICS), (LOADERS, [target.topic for target in TARGETS])):
        lag = GroupLag(connection, group, topics)
        try:
            read |= {(group, *at): each for at, each in lag.progress().items()}
            partitions = lag.partitions("chain") or partitions
        finally:
            lag.close()
    return WorkLeft(sum(max(0, each.end - each.committed) for each in read.values()), partitions, read)
