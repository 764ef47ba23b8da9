"""The writer thread: what many callers want written goes into one transaction (group commit)."""

from __future__ import annotations

import logging
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from suyuan.eventlog.errors import LogClosed, translated
from suyuan.eventlog.schema import Fsync, open_writer

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

MAX_TRANSACTION_BYTES = 32 << 20
MAX_TRANSACTION_WORKS = 1000
SYNC_EVERY_SECONDS = 1.0


@dataclass(slots=True)
class _Job:
    work: Work[Any]
    size: int
    done: Future[Any] = field(default_factory=Future)


class Writer:
    """Owns the writing connection. Works run in the order of `submit`, each wholly or not at all; the future is
    resolved after the transaction was committed.
    """

    def __init__(self, path: Path, fsync: Fsync, on_commit: Callable[[], None]) -> None:
        self._path = path
        self._fsync = fsync
        self._on_commit = on_commit
        self._connection = open_writer(path, fsync)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._unsynced_since: float | None = None
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work[T], size: int = 0) -> Future[T]:
        """Queue a function to be run in a transaction, writing about `size` bytes."""
        job = _Job(work, size)
        job.done.set_running_or_notify_cancel()  # a caller who no longer waits cancels nothing
        with self._gate:
            if self._closed:
                raise LogClosed(f"the log in {self._path.parent} is closed")
            self._jobs.put(job)
        return job.done

    def close(self) -> None:
        """Finish what was submitted, then close the connection."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        job: _Job | None
        while True:
            try:
                job = self._jobs.get(timeout=self._until_sync())
            except queue.Empty:
                self._sync()
                continue
            if job is None:
                break
            jobs, size, last = [job], job.size, False
            while size < MAX_TRANSACTION_BYTES and len(jobs) < MAX_TRANSACTION_WORKS:
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if job is None:
                    last = True
                    break
                jobs.append(job)
                size += job.size
            self._transact(jobs)
            if last:
                break
        self._sync()
        self._connection.close()

    def _transact(self, jobs: list[_Job]) -> None:
        outcomes: list[tuple[Any, Exception | None]] = []
        try:
            with translated(self._path.parent):
                self._connection.execute("BEGIN IMMEDIATE")
                outcomes = [self._attempt(job) for job in jobs]
                self._connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - handed to every caller
            with suppress(sqlite3.Error):  # a failed commit may have rolled back by itself
                self._connection.execute("ROLLBACK")
            outcomes = [(None, error)] * len(jobs)
        else:
            if self._unsynced_since is None:
                self._unsynced_since = time.monotonic()
            self._on_commit()
        for job, (result, failure) in zip(jobs, outcomes, strict=True):
            if failure is None:
                job.done.set_result(result)
            else:
                job.done.set_exception(failure)
        if self._until_sync() == 0:
            self._sync()

    def _attempt(self, job: _Job) -> tuple[Any, Exception | None]:
        self._connection.execute("SAVEPOINT work")
        try:
            result = job.work(self._connection)
        except sqlite3.Error:
            raise
        except Exception as error:  # noqa: BLE001 - handed to the caller of this work alone
            self._connection.execute("ROLLBACK TO work")
            self._connection.execute("RELEASE work")
            return None, error
        self._connection.execute("RELEASE work")
        return result, None

    def _until_sync(self) -> float | None:
        if self._fsync != "interval" or self._unsynced_since is None:
            return None
        return max(0.0, self._unsynced_since + SYNC_EVERY_SECONDS - time.monotonic())

    def _sync(self) -> None:
        # Only the write-ahead log: checkpoints sync the main file themselves. SQLite holds no POSIX lock on the
        # write-ahead log, so closing this descriptor frees none.
        if self._fsync != "interval" or self._unsynced_since is None:
            return
        self._unsynced_since = None
        with suppress(FileNotFoundError):
            descriptor = os.open(f"{self._path}-wal", os.O_RDONLY)
            try:
                os.fdatasync(descriptor)
            except OSError:
                logger.exception(
                    "the log in %s could not be synced: a power cut may lose more than a second",
                    self._path.parent,
                )
            finally:
                os.close(descriptor)
