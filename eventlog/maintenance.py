"""Retention, compaction and giving room back, in slices between appends."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from suyuan.eventlog.compaction import compact, worth_it
from suyuan.eventlog.errors import LogCorrupt
from suyuan.eventlog.retention import expire

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from suyuan.eventlog.storage import Storage

logger = logging.getLogger(__name__)

FREE_PAGES_KEPT = 4096
PAGES_PER_SLICE = 1024


class Maintenance:
    """Goes round all partitions again and again; each call goes on where the last one stopped."""

    def __init__(self, log: Storage, now_ms: Callable[[], int]) -> None:
        self._log = log
        self._now_ms = now_ms
        self._gate = threading.Lock()
        self._round: Iterator[None] | None = None

    def run(self, budget_ms: float) -> bool:
        """Work for about this long. True when a round over all partitions was finished in this call. Concurrent calls
        return at once.
        """
        if not self._gate.acquire(blocking=False):
            return False
        try:
            deadline = time.monotonic() + budget_ms / 1000
            self._round = self._round or self._slices()
            for _ in self._round:
                if time.monotonic() >= deadline:
                    return False
        except BaseException:
            self._round = None
            raise
        else:
            self._round = None
            return True
        finally:
            self._gate.release()

    def _slices(self) -> Iterator[None]:
        topics = self._log.topics()
        for partition in self._log.all_partitions():
            config = topics.get(partition.topic)
            if config is None:
                continue
            for _ in expire(self._log, partition, config, self._now_ms()):
                yield
            if config.compacted and worth_it(self._log, partition):
                try:
                    for _ in compact(self._log, partition, self._now_ms()):
                        yield
                except LogCorrupt as error:
                    logger.warning("Compaction left out a partition: %s", error)
        while self._log.write(_vacuum).result():
            yield


def _vacuum(connection: sqlite3.Connection) -> bool:
    """Give some free pages back to the file system when many are free; appends use the rest."""
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    if free <= FREE_PAGES_KEPT:
        return False
    connection.execute(f"PRAGMA incremental_vacuum({min(PAGES_PER_SLICE, free - FREE_PAGES_KEPT)})").fetchall()
    return True
