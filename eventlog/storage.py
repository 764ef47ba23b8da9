"""The file of the log: connections to it, its one writer, and the catalogue of its topics."""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Literal, Self, TypeVar

from suyuan.eventlog.batch import BatchDamaged, Columns, decode, unpack
from suyuan.eventlog.catalog import Catalog, Partition, TopicConfig
from suyuan.eventlog.errors import LogCorrupt, LogReadOnly
from suyuan.eventlog.process_lock import ProcessLock, lock_of
from suyuan.eventlog.readers import Extents, Readers
from suyuan.eventlog.records import Fetched
from suyuan.eventlog.schema import Fsync
from suyuan.eventlog.wal import opened_here, refuse_lost_end
from suyuan.eventlog.writer import Writer

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from contextlib import AbstractContextManager
    from pathlib import Path
    from types import TracebackType

T = TypeVar("T")
Role = Literal["process", "publish", "read", "export"]


class Storage:
    """`<folder>/log/log.sqlite`, opened in a role (see `Log`). `notify` is called in the writer's thread after each
    commit of this process.
    """

    def __init__(self, folder: Path, role: Role, fsync: Fsync, notify: Callable[[], None]) -> None:
        self.folder = folder
        self.role = role
        self.path = folder / "log" / "log.sqlite"
        with ExitStack() as opened:
            if role == "process":
                opened.enter_context(ProcessLock(lock_of(folder)))
            refuse_lost_end(self.path, role, fsync)
            opened.enter_context(opened_here(self.path))
            # the writer is closed after the readers, so that it can fold the write-ahead log into the file
            self._writer = None if role in {"read", "export"} else Writer(self.path, fsync, notify)
            if self._writer is not None:
                opened.callback(self._writer.close)
            self._extents = opened.enter_context(closing(Extents(self.path, former=role == "export")))
            self._readers = opened.enter_context(closing(Readers(self.path, former=role == "export")))
            self._opened = opened.pop_all()
        self._catalog = Catalog(self.reading)

    def close(self) -> None:
        """Finish what was submitted and release the folder. Using the log afterwards raises LogClosed."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(self, work: Callable[[sqlite3.Connection], T], size: int = 0) -> Future[T]:
        """Have the writer run `work` in a transaction; the future is resolved when it is committed. `size`: bytes,
        about.
        """
        if self._writer is None:
            raise LogReadOnly(f"the log in {self.folder} was opened for reading only")
        return self._writer.submit(work, size)

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """A connection for reading, for one thread at a time."""
        return self._readers.connection()

    def topics(self) -> dict[str, TopicConfig]:
        """Every topic's configuration by name."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT name, compacted, retention_ms, retention_bytes, delete_consumed_after_ms FROM topics"
                " ORDER BY name"
            ).fetchall()
        return {name: TopicConfig(bool(compacted), *limits) for name, compacted, *limits in rows}

    def partitions(self, topic: str) -> int:
        """Number of partitions. Raises UnknownTopic."""
        return self._catalog.count(topic)

    def partition(self, topic: str, number: int) -> Partition:
        """One partition. Raises UnknownTopic."""
        return self._catalog.partition(topic, number)

    def all_partitions(self) -> list[Partition]:
        """Every partition of every topic."""
        return self._catalog.all()

    @staticmethod
    def decode(
        at: Partition,
        base: int,
        blob: bytes,
        offset: int = 0,
        max_records: int | None = None,
        max_bytes: int | None = None,
    ) -> Fetched:
        """A stored batch's records. Raises LogCorrupt."""
        with _named(at, base):
            return decode(blob, base, offset, max_records, max_bytes)

    @staticmethod
    def unpack(at: Partition, base: int, blob: bytes) -> Columns:
        """A stored batch's columns. Raises LogCorrupt."""
        with _named(at, base):
            return unpack(blob, base)


@contextmanager
def _named(at: Partition, base: int) -> Iterator[None]:
    try:
        yield
    except BatchDamaged as error:
        raise LogCorrupt(
            f"topic {at.topic}, partition {at.number}: the batch at offset {base} is damaged ({error}): "
            f"restore the folder from a copy, or pass over it with delete_before"
        ) from error
