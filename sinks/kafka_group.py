"""Which loader owns which topics: a consumer group in which a topic has one owner, with all of its partitions.

A batch is of one topic, and its note names ranges of many partitions: whole topics keep both with one process. Two
loaders share the topics, a third takes over what one leaves, and the broker refuses the commits of a process that was
thought dead, because they carry the generation of the group in which it was a member.

A loader that is paused between note and insert inserts later what its successor has inserted by then, under the same
token: ClickHouse drops it, or the views fold it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaConsumer
from kafka import TopicPartition as KafkaTopicPartition
from kafka.errors import (
    CommitFailedError,
    FencedInstanceIdError,
    IllegalGenerationError,
    KafkaError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
from kafka.structs import MemberState, OffsetAndMetadata

from suyuan.connections.kafka_python_internals import (
    AbstractPartitionAssignor,
    ConsumerProtocolAssignment,
    ConsumerProtocolSubscription,
    request_rejoin,
)
from suyuan.connections.log_errors import LogUnavailable
from suyuan.connections.topic_partition import TopicPartition
from suyuan.sinks.errors import OwnershipLost, SinkError

SESSION_MS = 10_000
HEARTBEAT_MS = 3_000
LONGEST_STEP_MS = 900_000
"""between two calls of `poll`: a step of the loader, with every server as slow as it is waited for"""
ANSWER_MS = 20_000
"""that brokers may take"""
CLIENT = {
    "request_timeout_ms": ANSWER_MS,
    "bootstrap_timeout_ms": ANSWER_MS,
    "reconnect_backoff_max_ms": 1000,
}
"""of every client: noticed soon when brokers are away, and when they are back"""

_LOST = (
    CommitFailedError,
    FencedInstanceIdError,
    IllegalGenerationError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)


class WholeTopics(AbstractPartitionAssignor):  # type: ignore[misc] # untyped
    """Assigns whole topics to the members in turn, the busiest first. The same members get the same topics. `counts`:
    number of partitions by topic, since the client's own knowledge of topics may lag behind.
    """

    name = "suyuan-whole-topics"
    version = 0
    busiest = ("chain", "event.listing", "alert.state")

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = counts

    def assign(self, _cluster: Any, members: Sequence[Any]) -> dict[str, ConsumerProtocolAssignment]:
        """The partitions of each member, by member id."""
        found: dict[str, list[tuple[str, list[int]]]] = {member.member_id: [] for member in members}
        topics = {topic for member in members for topic in member.metadata.topics}
        for number, topic in enumerate(sorted(topics, key=self._rank)):
            wanting = sorted(member.member_id for member in members if topic in member.metadata.topics)
            partitions = range(self._counts.get(topic, 0))
            found[wanting[number % len(wanting)]].append((topic, list(partitions)))
        return {
            member: ConsumerProtocolAssignment(self.version, sorted(topics), b"") for member, topics in found.items()
        }

    def metadata(self, topics: Sequence[str]) -> ConsumerProtocolSubscription:
        """The subscription with which a member joins."""
        return ConsumerProtocolSubscription(self.version, sorted(topics), b"")

    def on_assignment(self, assignment: ConsumerProtocolAssignment, generation: int) -> None:
        """Nothing to do."""

    def _rank(self, topic: str) -> tuple[int, str]:
        return (self.busiest.index(topic) if topic in self.busiest else len(self.busiest), topic)


class Membership:
    """Membership of one process in the group, for one thread. It fetches nothing."""

    def __init__(self, arguments: Mapping[str, Any], group: str, topics: Mapping[str, int]) -> None:
        """Joins at the first `poll`. `topics`: number of partitions by topic. Raises LogUnavailable, or SinkError for
        what will not pass.
        """
        try:
            self._consumer = KafkaConsumer(
                **arguments,
                **CLIENT,
                group_id=group,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                partition_assignment_strategy=[WholeTopics(topics)],
                session_timeout_ms=SESSION_MS,
                heartbeat_interval_ms=HEARTBEAT_MS,
                max_poll_interval_ms=LONGEST_STEP_MS,
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )
        except KafkaError as error:
            raise sink_error(error) from error
        self._consumer.subscribe(topics=list(topics), listener=_Paused(self._consumer))

    def poll(self, seconds: float) -> tuple[str, frozenset[str]] | None:
        """Take part in the group. Returns (a text that changes with every assignment, the topics owned); None while
        there is no assignment.

        Must be called again within LONGEST_STEP_MS. Raises LogUnavailable, or SinkError for what will not pass.
        """
        try:
            self._consumer.poll(timeout_ms=int(seconds * 1000))
        except KafkaError as error:
            raise sink_error(error) from error
        member = self._consumer.group_metadata()
        if member.state != MemberState.STABLE:
            # kafka-python 3.0.12 forgets a join that outlasts one call where news of the topics' partitions asked for
            # it, which the join itself settles: without this the group would wait for its own member for ever
            request_rejoin(self._consumer)
            return None
        owned = frozenset(each.topic for each in self._consumer.assignment())
        return f"{member.member_id}:{member.generation_id}", owned

    def commit(self, offsets: Mapping[TopicPartition, int], texts: Mapping[TopicPartition, str]) -> None:
        """Commit offsets and the texts beside them. Raises OwnershipLost where the group has gone on without this
        member, LogUnavailable, or SinkError.
        """
        entries = {
            KafkaTopicPartition(*at): OffsetAndMetadata(offset, texts.get(at, "")) for at, offset in offsets.items()
        }
        try:
            self._consumer.commit(entries, timeout_ms=ANSWER_MS)
        except _LOST as error:
            raise OwnershipLost(f"commit refused: {error}") from error
        except KafkaError as error:
            raise sink_error(error) from error

    def close(self) -> None:
        """Leave the group, so that others need not wait for the end of the session."""
        self._consumer.close(autocommit=False, timeout_ms=5000)


class _Paused(ConsumerRebalanceListener):  # type: ignore[misc] # untyped
    """Pauses every partition that is assigned: this consumer fetches nothing."""

    def __init__(self, consumer: KafkaConsumer) -> None:
        self._consumer = consumer

    def on_partitions_assigned(self, assigned: Sequence[KafkaTopicPartition]) -> None:
        self._consumer.pause(*assigned)

    def on_partitions_revoked(self, revoked: Sequence[KafkaTopicPartition]) -> None:
        pass

    def on_partitions_lost(self, lost: Sequence[KafkaTopicPartition]) -> None:
        pass


def sink_error(error: KafkaError) -> LogUnavailable | SinkError:
    """The error as LogUnavailable where it passes by itself, else as SinkError."""
    said = f"Kafka: {type(error).__name__}: {error}"
    return LogUnavailable(said) if error.retriable else SinkError(said)
