"""What a loader needs of a log. The embedded log has it, and `kafka_log` gives it to Kafka."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from suyuan.connections.topic_partition import TopicPartition


class Fetched(Protocol):
    """Records of one partition in order of offset, columns of equal length. Offsets may have holes."""

    @property
    def offsets(self) -> Sequence[int]:
        """Offset of each record."""

    @property
    def values(self) -> Sequence[bytes | None]:
        """Value of each record."""


class LogReader(Protocol):
    """A log, read by topic, partition and offset. Thread-safe; calls block."""

    def partitions(self, topic: str) -> int:
        """The topic's number of partitions."""

    def end_offsets(self) -> Mapping[TopicPartition, int]:
        """The next offset of every partition; cheap, since it is called often."""

    def start_offsets(self) -> Mapping[TopicPartition, int]:
        """The first offset that every partition still has."""

    def fetch(self, topic: str, partition: int, offset: int, max_records: int, max_bytes: int) -> Fetched:
        """Records from `offset` on, or from the start where that is later; at least one where there is one."""

    def is_another(self, topic: str) -> bool:
        """Whether the topic is not the one that the group read: it was deleted and made again."""

    def register(self, group: str, topics: Sequence[str]) -> None:
        """Have the log keep for the group what it has not committed."""

    def committed(self, group: str, topic: str, partition: int) -> tuple[int | None, str]:
        """The group's next offset (None: nothing committed yet) and the text committed with it."""

    def committed_in(self, group: str, topic: str) -> Mapping[TopicPartition, tuple[int | None, str]]:
        """The same of every partition of a topic; asked once, however many there are."""

    def commit(
        self,
        group: str,
        offsets: Mapping[TopicPartition, int],
        metadata: Mapping[TopicPartition, str] | None = None,
    ) -> None:
        """Set next offsets and their texts, all or nothing; durable on return."""
