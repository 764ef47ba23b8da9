"""Deliveries in the embedded log of a data folder, beside the process that runs on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from suyuan.connections.topic_partition import TopicPartition
from suyuan.domain.keys import partition_of
from suyuan.eventlog.log import Log, Records
from suyuan.eventlog.process_lock import ProcessLock
from suyuan.operations.tail import MOST_BYTES, Tail
from suyuan.operations.webhooks.log import ALERTS, GROUP, Message

LOCK = "jobs.lock"
"""beside the log: of the one process that delivers"""


class EmbeddedHolding:
    """See `log.Holding`. What is appended together is stored together, or not at all."""

    def __init__(self, log: Log) -> None:
        log.register(GROUP, [ALERTS])
        self._log = log

    def take_part(self) -> bool:
        """See `log.Holding`."""
        return True

    def keep(self) -> bool:
        """See `log.Holding`."""
        return True

    def committed(self) -> Mapping[TopicPartition, int]:
        """See `log.Holding`."""
        found = self._log.committed_in(GROUP, ALERTS)
        return {at: offset for at, (offset, _) in found.items() if offset is not None}

    def tail(self, topics: Sequence[str], first_offsets: Mapping[TopicPartition, int]) -> Tail:
        """See `log.Holding`."""
        return Tail(self._log, topics, first_offsets)

    def alert_ends(self) -> Mapping[TopicPartition, int]:
        """See `log.Holding`."""
        return {at: end for at, end in self._log.end_offsets().items() if at[0] == ALERTS}

    def alert_starts(self) -> Mapping[TopicPartition, int]:
        """See `log.Holding`."""
        return {at: start for at, start in self._log.start_offsets().items() if at[0] == ALERTS}

    def alert_message(self, partition: int, offset: int) -> bytes | None:
        """See `log.Holding`."""
        found = self._log.fetch(ALERTS, partition, offset, 1, MOST_BYTES)
        return found.values[0] if len(found.offsets) and found.offsets[0] == offset else None

    def append(self, messages: Sequence[Message]) -> None:
        """See `log.Holding`."""
        parts: defaultdict[TopicPartition, list[Message]] = defaultdict(list)
        for message in messages:
            partitions = self._log.partitions(message.topic)
            parts[message.topic, partition_of(message.key, partitions)].append(message)
        self._log.append_many(
            {at: Records([each.key for each in part], [each.value for each in part]) for at, part in parts.items()}
        )

    def commit(self, next_offsets: Mapping[TopicPartition, int]) -> None:
        """See `log.Holding`."""
        self._log.commit(GROUP, next_offsets)


@contextmanager
def embedded_holding(folder: Path, *, fsync: bool) -> Iterator[EmbeddedHolding]:
    """Open the log of a folder. Raises SuyuanError: LogLocked where another process delivers."""
    with ExitStack() as opened:
        opened.enter_context(ProcessLock(folder / "log" / LOCK))
        log = opened.enter_context(Log.open(folder, role="publish", fsync="always" if fsync else "interval"))
        yield EmbeddedHolding(log)
