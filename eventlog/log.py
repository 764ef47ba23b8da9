"""The embedded log: topics of partitions of records in one SQLite file, shared by processes of one machine."""

from __future__ import annotations

import logging
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from suyuan.connections.topic_partition import TopicPartition
from suyuan.eventlog import consumer_groups as groups
from suyuan.eventlog.appending import Appended, Prepared, append
from suyuan.eventlog.batch import (
    MAX_RECORD_BYTES,
    encode,
    sizes,
    split,
)
from suyuan.eventlog.catalog import Partition, TopicConfig, insert_topic
from suyuan.eventlog.compaction import compact
from suyuan.eventlog.errors import (
    RecordRefused,
)
from suyuan.eventlog.maintenance import Maintenance
from suyuan.eventlog.other_writers import OtherWriters
from suyuan.eventlog.records import Fetched, Record, Records
from suyuan.eventlog.retention import BATCHES_PER_SLICE, delete_before
from suyuan.eventlog.schema import Fsync
from suyuan.eventlog.storage import Role, Storage

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future

__all__ = ["Appended", "Log", "Record", "Records", "Role", "TopicConfig"]

logger = logging.getLogger(__name__)

MAX_FETCH_RECORDS = 8192
MAX_FETCH_BYTES = 8 << 20


class Log(Storage):
    """The log of one data folder. Calls block; thread-safe. Appends and commits of all threads go through one writer
    thread, which joins what waits into one transaction; every fetch reads on a connection of its own and waits for
    nobody.

    Role `process` is for the one process that runs the streams on a folder (a second is refused); `publish` appends
    beside it from other processes; `read` never writes, nor does `export`, which takes logs of former versions too.
    `<data>/log/log.sqlite` holds everything.
    """

    def __init__(self, folder: Path, role: Role, fsync: Fsync, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._listeners: list[Callable[[], None]] = []
        self._listening = threading.Lock()
        self._other_writers: OtherWriters | None = None
        super().__init__(folder, role, fsync, self._notify)
        self._maintenance = Maintenance(self, now_ms)

    @classmethod
    def open(
        cls,
        folder: str | Path,
        role: Role = "process",
        fsync: Fsync = "interval",
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> Log:
        """Open the log of a data folder; `process` and `publish` make it where there is none.

        Raises LogLocked, LogReadOnly, LogFull, LogFormer, LogNewer, LogCorrupt, LogMissing (role read).
        """
        return cls(Path(folder), role, fsync, now_ms)

    def close(self) -> None:
        """As Storage.close."""
        with self._listening:
            self._listeners.clear()
            self._heed_others()
        super().close()

    @property
    def identity(self) -> str:
        """An id that tells this log from every other one that may have been in the same folder."""
        with self.reading() as connection:
            return str(connection.execute("PRAGMA user_version").fetchone()[0])

    # --- topics

    def create_topic(self, name: str, partitions: int, config: TopicConfig | None = None) -> None:
        """Make a topic; where it exists, only its configuration is brought up to date (None: left as it is).

        Raises TopicMismatch when it exists with another number of partitions.
        """
        self.write(lambda connection: insert_topic(connection, name, partitions, config)).result()
        self._catalog.refresh()

    # --- appending

    def append(self, topic: str, partition: int, records: Records | Sequence[Record]) -> int:
        """Append and return the first record's offset when they are committed."""
        return self.append_many({(topic, partition): records})[topic, partition].base_offset

    def append_many(
        self,
        batches: Mapping[TopicPartition, Records | Sequence[Record]],
        ids: Mapping[TopicPartition, Sequence[bytes]] | None = None,
    ) -> dict[TopicPartition, Appended]:
        """Append to many partitions in one transaction, and return when it is committed; see `append_async`."""
        return self.append_async(batches, ids).result()

    def append_async(
        self,
        batches: Mapping[TopicPartition, Records | Sequence[Record]],
        ids: Mapping[TopicPartition, Sequence[bytes]] | None = None,
    ) -> Future[dict[TopicPartition, Appended]]:
        """Append to many partitions in one transaction: all or nothing. The future is resolved once it is committed
        (under fsync "always": on the disk). Appends of one thread lie in the order of its calls.

        `ids` gives each record of a partition an id of 16 bytes; a record whose id was appended before, by any
        process, or earlier in this call, is left out, and `Appended.taken` says so.

        Raises UnknownTopic, RecordRefused; the future raises LogFull, LogReadOnly, LogLocked, LogError.
        """
        now = self._now_ms()
        prepared = {
            at: self._prepare(self.partition(*at), Records.of(records, now), None if ids is None else ids.get(at))
            for at, records in batches.items()
        }

        def work(connection: sqlite3.Connection) -> dict[TopicPartition, Appended]:
            return {at: append(connection, each) for at, each in prepared.items()}

        return self.write(work, sum(len(batch.blob) for each in prepared.values() for batch in each.batches))

    @staticmethod
    def _prepare(partition: Partition, records: Records, ids: Sequence[bytes] | None) -> Prepared:
        where = f"topic {partition.topic}, partition {partition.number}"
        if partition.compacted and None in records.keys:
            raise RecordRefused(f"{where} is compacted: every record needs a key")
        if ids is not None and len(ids) != len(records):
            raise ValueError(f"{where}: {len(ids)} ids for {len(records)} records")
        each = sizes(records)
        if len(records) and (largest := int(np.max(each))) > MAX_RECORD_BYTES:
            raise RecordRefused(f"{where}: a record of {largest} bytes, the log takes up to {MAX_RECORD_BYTES}")
        return Prepared(partition, records, [encode(portion) for portion in split(records, each)], ids)

    # --- reading

    def fetch(
        self,
        topic: str,
        partition: int,
        offset: int,
        max_records: int = MAX_FETCH_RECORDS,
        max_bytes: int = MAX_FETCH_BYTES,
    ) -> Fetched:
        """Records from `offset` on (or from the start, where that is later): at most so many and so large together,
        often fewer, but at least one where there is one.

        Raises UnknownTopic, LogCorrupt naming topic, partition and offset.
        """
        found, size = Fetched.empty(), 0
        at = self.partition(topic, partition)
        with self.reading() as connection:
            (start,) = connection.execute("SELECT start_offset FROM partitions WHERE id = ?", (at.id,)).fetchone()
            offset = max(offset, start)
            batches = connection.execute(
                "SELECT base_offset, last_offset, count, records FROM batches"
                " WHERE partition_id = ?1 AND last_offset >= ?2 AND base_offset >="
                " (SELECT coalesce(max(base_offset), 0) FROM batches WHERE partition_id = ?1 AND base_offset <= ?2)"
                " ORDER BY base_offset",
                (at.id, offset),
            )
            for base, last, count, blob in batches:
                if found and len(found) + count > max_records:
                    break  # a batch that is cut is decoded again for its other part
                part = self.decode(at, base, blob, offset, max_records - len(found), max_bytes - size)
                found.extend(part)
                size += sum(map(len, filter(None, part.values))) + sum(map(len, filter(None, part.keys)))
                cut = found.offsets[-1] < last
                if cut or len(found) >= max_records or size >= max_bytes:
                    break
            batches.close()
        return found

    def end_offsets(self) -> Mapping[TopicPartition, int]:
        """The next offset of every partition. Cheap when nothing was appended by any process since the last call."""
        return self._extents.now()[1]

    def start_offsets(self) -> Mapping[TopicPartition, int]:
        """The earliest offset that every partition may still hold."""
        return self._extents.now()[0]

    def end_offset(self, topic: str, partition: int) -> int:
        """The offset that the next record of the partition gets. Raises UnknownTopic."""
        at = self.partition(topic, partition)
        return self.end_offsets()[at.topic, at.number]

    def start_offset(self, topic: str, partition: int) -> int:
        """The earliest offset that the partition may still hold. Raises UnknownTopic."""
        at = self.partition(topic, partition)
        return self.start_offsets()[at.topic, at.number]

    def wait_for(self, topic: str, partition: int, offset: int, timeout_seconds: float) -> bool:
        """Wait until the partition's end is beyond `offset`; False when it did not come in time."""
        arrived = threading.Event()
        deadline = time.monotonic() + timeout_seconds
        self.listen(arrived.set)
        try:
            while self.end_offset(topic, partition) <= offset:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                arrived.wait(left)
                arrived.clear()
        finally:
            self.unlisten(arrived.set)
        return True

    def listen(self, wake: Callable[[], None]) -> None:
        """Have `wake` called, in a thread of the log's, after each commit of this process, and when starts or ends have
        changed by what another one did.
        """
        with self._listening:
            self._listeners.append(wake)
            self._heed_others()

    def unlisten(self, wake: Callable[[], None]) -> None:
        """Stop calling `wake`."""
        with self._listening:
            if wake in self._listeners:  # none is left in a closed log
                self._listeners.remove(wake)
            self._heed_others()

    # --- groups

    @staticmethod
    def is_another(_topic: str) -> bool:
        """False: what groups have committed is in the log itself, and is lost together with it."""
        return False

    def register(self, group: str, topics: Sequence[str]) -> None:
        """Make a group known, so that what it has not committed is kept (`TopicConfig.delete_consumed_after_ms`)."""
        ids = [self.partition(topic, number).id for topic in topics for number in range(self.partitions(topic))]
        self.write(lambda connection: groups.register(connection, group, ids)).result()

    def commit(
        self,
        group: str,
        offsets: Mapping[TopicPartition, int],
        metadata: Mapping[TopicPartition, str] | None = None,
    ) -> None:
        """Set the group's next offsets: what it has finished is below them."""
        self.commit_async(group, offsets, metadata).result()

    def commit_async(
        self,
        group: str,
        offsets: Mapping[TopicPartition, int],
        metadata: Mapping[TopicPartition, str] | None = None,
    ) -> Future[None]:
        """Set the group's next offsets; the future is resolved when they are durable."""
        rows = {self.partition(*at).id: (offset, (metadata or {}).get(at, "")) for at, offset in offsets.items()}
        return self.write(lambda connection: groups.commit(connection, group, rows))

    def committed(self, group: str, topic: str, partition: int) -> tuple[int | None, str]:
        """The group's next offset (None: nothing committed yet) and its metadata."""
        at = self.partition(topic, partition)
        with self.reading() as connection:
            return groups.committed(connection, group, at.id)

    def committed_in(self, group: str, topic: str) -> dict[TopicPartition, tuple[int | None, str]]:
        """The same of every partition of a topic."""
        with self.reading() as connection:
            return {
                (topic, partition): groups.committed(connection, group, self.partition(topic, partition).id)
                for partition in range(self.partitions(topic))
            }

    def committed_offsets(self, group: str) -> dict[TopicPartition, tuple[int | None, str]]:
        """The group's next offset (None: nothing committed yet) and metadata of every partition that it is registered
        on or has committed.
        """
        with self.reading() as connection:
            return groups.committed_offsets(connection, group)

    def lag(self, group: str) -> dict[TopicPartition, int]:
        """Records that the group has not committed yet, by topic and partition."""
        with self.reading() as connection:
            return groups.lag(connection, group)

    def forget_group(self, group: str, topics: Sequence[str] | None = None) -> None:
        """Remove a group that will not come back, or what it has committed of some topics."""
        ids = None if topics is None else [each.id for each in self.all_partitions() if each.topic in topics]
        self.write(lambda connection: groups.forget(connection, group, ids)).result()

    # --- keeping house

    def maintain(self, budget_ms: float) -> bool:
        """Delete what retention no longer keeps, compact, and give room back, for about so long; call it again and
        again. True when nothing was left to do.
        """
        return self._maintenance.run(budget_ms)

    def compact(self, topic: str, *, thorough: bool = False) -> int:
        """Compact every partition of a topic now; returns how many records were dropped. `thorough`: of each key the
        last record alone is left, but for the newest batch of a partition. Raises LogCorrupt.
        """
        now = self._now_ms()
        partitions = [self.partition(topic, number) for number in range(self.partitions(topic))]
        return sum(dropped for at in partitions for dropped in compact(self, at, now, thorough=thorough))

    def delete_before(self, topic: str, partition: int, offset: int) -> None:
        """Make `offset` (at most the end) the start of the partition; records before it are gone."""
        at = self.partition(topic, partition)
        self.write(lambda connection: delete_before(connection, at.id, offset)).result()

    def empty(self, topic: str) -> None:
        """Delete every record of a topic, in slices between appends; its offsets go on. Where it is interrupted, the
        oldest are gone.
        """
        for number in range(self.partitions(topic)):
            at, end = self.partition(topic, number), self.end_offset(topic, number)
            slice_of = partial(delete_before, partition_id=at.id, offset=end, at_most=BATCHES_PER_SLICE)
            while self.write(slice_of).result():
                pass

    def _heed_others(self) -> None:
        """While somebody listens."""
        if self._listeners and self._other_writers is None:
            self._other_writers = OtherWriters(self.path.parent, self._extents, self._notify)
            self._other_writers.start()
        elif not self._listeners and self._other_writers is not None:
            self._other_writers.stop()
            self._other_writers = None

    def _notify(self) -> None:
        for wake in tuple(self._listeners):
            try:
                wake()
            except Exception:
                logger.exception("a listener of the log failed")
