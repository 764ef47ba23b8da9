"""Reading connections: a pool for fetches, and one that watches the start and end of the partitions."""

from __future__ import annotations

import queue
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from suyuan.connections.topic_partition import TopicPartition
from suyuan.eventlog.errors import LogClosed, translated
from suyuan.eventlog.schema import open_reader

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

Offsets = dict[TopicPartition, int]

STILL_SECONDS = 3.0
"""for which nothing was written, before the file's time is trusted to tell of the next write: some file systems keep it
to two seconds
"""
TRUST_SECONDS = 1.0
"""after which SQLite is asked nevertheless: a transaction counts only some time after it was written, which is long
where the disk is slow or its process stands still
"""


class Readers:
    """Connections that are opened when one is wanted and none is idle."""

    def __init__(self, path: Path, *, former: bool = False) -> None:
        self._path = path
        self._former = former
        self._closed = threading.Event()
        self._idle: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection for one thread. Raises LogClosed."""
        if self._closed.is_set():
            raise LogClosed(f"the log in {self._path.parent} is closed")
        try:
            connection = self._idle.get_nowait()
        except queue.Empty:
            connection = open_reader(self._path, former=self._former)
        try:
            with translated(self._path.parent):
                yield connection
        except BaseException:
            connection.close()
            raise
        if self._closed.is_set():
            connection.close()
        else:
            self._idle.put(connection)

    def close(self) -> None:
        """Close the idle connections now, those in use when they are returned."""
        self._closed.set()
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                return


class Extents:
    """Start and end offset of every partition, read again only when some process has written. Whether one has, SQLite
    says; where nothing was written for some seconds, that the write-ahead file is as it was, which costs a tenth.
    """

    def __init__(self, path: Path, *, former: bool = False) -> None:
        self._path = path
        self._gate = threading.Lock()
        self._connection: sqlite3.Connection | None = open_reader(path, former=former)
        self._seen_version = -1
        self._file = path.with_name(f"{path.name}-wal")
        self._asked_at = 0.0
        self._stamp: tuple[int, int, int] | None = None
        self._extents: tuple[Offsets, Offsets] = ({}, {})

    def now(self) -> tuple[Offsets, Offsets]:
        """(starts, ends) by topic and partition. Raises LogClosed."""
        with self._gate, translated(self._path.parent):
            if self._connection is None:
                raise LogClosed(f"the log in {self._path.parent} is closed")
            stamp = self._written()
            if self._is_still(stamp):
                return self._extents
            asked_at = time.monotonic()
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
            if version != self._seen_version:
                rows = self._connection.execute(
                    "SELECT t.name, p.partition, p.start_offset, p.end_offset"
                    " FROM partitions p JOIN topics t ON t.id = p.topic_id"
                ).fetchall()
                self._extents = (
                    {(topic, partition): start for topic, partition, start, _ in rows},
                    {(topic, partition): end for topic, partition, _, end in rows},
                )
                self._seen_version = version
            self._stamp, self._asked_at = stamp, asked_at
            return self._extents

    def are_still(self) -> bool:
        """Whether nothing was written since some thread called `now`, as far as the file's time tells; False also where
        that is not sure, as within seconds of the last write.
        """
        with self._gate:
            return self._is_still(self._written())

    def _is_still(self, stamp: tuple[int, int, int] | None) -> bool:
        return stamp is not None and stamp == self._stamp and time.monotonic() - self._asked_at < TRUST_SECONDS

    def _written(self) -> tuple[int, int, int] | None:
        """What tells the file from what it is after the next write; None while that may still look the same."""
        try:
            found = self._file.stat()
        except FileNotFoundError:
            return None
        if time.time() - found.st_mtime <= STILL_SECONDS:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def close(self) -> None:
        """Close the connection."""
        with self._gate:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
