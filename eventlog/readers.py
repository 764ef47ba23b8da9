"""Reading connections: a pool for fetches, and one that watches the start and end of the partitions."""

from __future__ import annotations

import queue
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from suyuan.eventlog.errors import LogClosed, translated
from suyuan.eventlog.schema import open_reader

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

TopicPartition = tuple[str, int]
Offsets = dict[TopicPartition, int]


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
    """Start and end offset of every partition, read again only when some process has written."""

    def __init__(self, path: Path, *, former: bool = False) -> None:
        self._path = path
        self._gate = threading.Lock()
        self._connection: sqlite3.Connection | None = open_reader(path, former=former)
        self._seen_version = -1
        self._extents: tuple[Offsets, Offsets] = ({}, {})

    def now(self) -> tuple[Offsets, Offsets]:
        """(starts, ends) by topic and partition. Raises LogClosed."""
        with self._gate, translated(self._path.parent):
            if self._connection is None:
                raise LogClosed(f"the log in {self._path.parent} is closed")
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
            return self._extents

    def close(self) -> None:
        """Close the connection."""
        with self._gate:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
