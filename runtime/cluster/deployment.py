"""The log in Kafka; the tables on a server, or in a data folder where none is named.

What each call needs is imported by the call: a command is to be there at once.
"""

# ruff: noqa: PLC0415

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from suyuan.runtime.settings import Settings

if TYPE_CHECKING:
    from suyuan.connections.topic_partition import TopicPartition
    from suyuan.domain.privacy.pseudonym import Pseudonyms
    from suyuan.operations.checks.finding import Finding
    from suyuan.operations.dead_letters.log import ReplayLog
    from suyuan.operations.dead_letters.place import Place
    from suyuan.operations.exporting.lines import Exported
    from suyuan.operations.tail import Tail
    from suyuan.operations.webhooks.log import Holding
    from suyuan.operations.work_left import WorkLeft
    from suyuan.publishing.files.outlet import Known, Outlet
    from suyuan.queries.api import Queries

TAIL_GROUP, RAW_GROUP = "tail", "event"
"""named to the brokers; nothing is ever committed for them"""


class Cluster:
    """See `Deployment`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def queries(self) -> AbstractContextManager[Queries]:
        """See `Deployment`."""
        from suyuan.runtime.open_queries import tables

        return tables(self._settings)

    def outlet(
        self, known: Known | None = None, patience_seconds: float | None = None
    ) -> AbstractContextManager[Outlet]:
        """See `Deployment`."""
        from suyuan.publishing.files.kafka import outlet

        return outlet(self._settings.kafka_connection(), known, patience_seconds)

    def pseudonyms(self) -> Pseudonyms:
        """See `Deployment`."""
        from suyuan.runtime.pseudonyms import given_pseudonyms

        return given_pseudonyms(self._settings)

    @contextmanager
    def tail(self, topics: Sequence[str], first_offsets: Mapping[TopicPartition, int] | None = None) -> Iterator[Tail]:
        """See `Deployment`. Messages of open transactions come when those are committed. Raises TopicMissing."""
        from suyuan.operations.tail import Tail
        from suyuan.sinks.kafka_log import KafkaLog

        log = KafkaLog(self._settings.kafka_connection(), topics, TAIL_GROUP)
        try:
            yield Tail(log, topics, first_offsets)
        finally:
            log.close()

    def raw_event(self, place: Place) -> bytes:
        """See `Deployment`."""
        from suyuan.operations.raw_event import raw_event
        from suyuan.sinks.kafka_log import KafkaLog

        log = KafkaLog(self._settings.kafka_connection(), [place.topic], RAW_GROUP)
        try:
            return raw_event(log, place)
        finally:
            log.close()

    def raw_events(self, places: Sequence[Place]) -> list[bytes | None]:
        """See `Deployment`."""
        from suyuan.operations.raw_event import raw_events
        from suyuan.sinks.kafka_log import KafkaLog

        if not places:
            return []
        log = KafkaLog(self._settings.kafka_connection(), sorted({place.topic for place in places}), RAW_GROUP)
        try:
            return raw_events(log, places)
        finally:
            log.close()

    def erase_note(self, note_id: str, now: int) -> None:
        """See `Deployment`. Brokers delete what was written within days (`Topic.compacted_within`)."""
        from suyuan.operations.alerts.notes import erase_note

        with self.outlet() as outlet:
            erase_note(outlet, note_id, now)

    def replay_log(self) -> AbstractContextManager[ReplayLog]:
        """See `Deployment`."""
        from suyuan.operations.dead_letters.kafka import kafka_replay_log

        return kafka_replay_log(self._settings.kafka_connection())

    def holding(self) -> AbstractContextManager[Holding]:
        """See `Deployment`."""
        from suyuan.operations.webhooks.kafka import kafka_holding

        return kafka_holding(self._settings.kafka_connection())

    def exported_lines(self, done: Exported) -> Iterator[bytes]:
        """See `Deployment`."""
        from suyuan.operations.exporting.kafka import cluster_lines

        return cluster_lines(self._settings.kafka_connection(), done)

    def append(self, topic: str, key: str, values: Sequence[bytes]) -> None:
        """See `Deployment`."""
        from suyuan.operations.audit.kafka import append_to_cluster

        append_to_cluster(self._settings.kafka_connection(), topic, key, values)

    def backfill_audit(self) -> int:
        """See `Deployment`."""
        from suyuan.operations.audit.kafka import backfill_cluster

        return backfill_cluster(self._settings.kafka_connection())

    def rebuild_state(self) -> int:
        """See `Deployment`."""
        from suyuan.operations.state_rebuild.kafka import rebuild

        return rebuild(self._settings.kafka_connection())

    def rebuild_partition(self, partition: int) -> int:
        """See `Deployment`."""
        from suyuan.operations.state_rebuild.kafka import rebuild_partition

        return rebuild_partition(self._settings.kafka_connection(), partition)

    def work_left(self) -> WorkLeft:
        """See `Deployment`."""
        from suyuan.operations.consumer_lag import cluster_work_left

        return cluster_work_left(self._settings.kafka_connection(), self._settings.partitions)

    def checks(self) -> Iterator[Finding]:
        """See `Deployment`. Of the data folder, a worker's, what is not a log or tables."""
        from suyuan.operations.checks import damage, folder, kafka, seals, tables
        from suyuan.operations.checks.contents import contents
        from suyuan.operations.consumer_lag import cluster_work_left
        from suyuan.operations.webhooks.log import SUBSCRIPTIONS
        from suyuan.runtime.unmatched_count import settled
        from suyuan.runtime.webhooks import present_webhook_seal

        settings = self._settings
        connection, server = settings.kafka_connection(), settings.clickhouse_settings()
        yield from folder.access(settings.data)
        answers = True
        for finding in kafka.cluster(connection, settings.partitions_asked_for(), settings.kafka_replication):
            answers = answers and (finding.check, finding.status) != ("kafka", "failed")
            yield finding
        if answers:  # workers and loaders have no use for the key: where they run there may be none
            seal = partial(present_webhook_seal, settings)
            yield from seals.webhooks(lambda: self.tail([SUBSCRIPTIONS], {}), seal, missing="warning")
        yield from damage.state(settings.data)
        if server is not None:
            yield from tables.server(server)
            yield from contents(self.queries, partial(cluster_work_left, connection, settings.partitions), settled())
