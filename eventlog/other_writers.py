"""Tells of what other processes append, while they do, and costs next to nothing while nobody writes."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from suyuan.eventlog.errors import LogError
from suyuan.eventlog.file_changes import FileChanges

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from suyuan.eventlog.readers import Extents

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.02
"""between two looks at a log that is being written to: what was written counts only some time later"""
LOOK_SECONDS = 1.0
"""between two looks at one that is not, where the kernel tells when that ends"""


class OtherWriters:
    """Calls `notify`, in a thread of its own, after starts or ends of partitions have changed, whoever changed them:
    within POLL_SECONDS. From `start` to `stop`; once only.
    """

    def __init__(self, folder: Path, extents: Extents, notify: Callable[[], None]) -> None:
        self._extents = extents
        self._notify = notify
        self._stopping = threading.Event()
        self._changes: FileChanges | None = None
        try:
            self._changes = FileChanges(folder)
        except OSError as error:
            logger.info("%s: the log is looked at every %s s", error, POLL_SECONDS)
        self._thread = threading.Thread(target=self._run, name="log-watch", daemon=True)

    def start(self) -> None:
        """Call `notify` from now on."""
        self._seen = self._extents.now()
        self._thread.start()

    def stop(self) -> None:
        """Call it no more; also from within it."""
        self._stopping.set()
        if self._changes is not None:
            self._changes.wake()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._rest()
                self._look()
        finally:
            if self._changes is not None:
                self._changes.close()

    def _rest(self) -> None:
        if self._changes is None or not self._extents.are_still():
            self._stopping.wait(POLL_SECONDS)
        else:
            self._changes.wait(LOOK_SECONDS)

    def _look(self) -> None:
        try:
            found = self._extents.now()
        except LogError:  # who asks for the extents is told
            self._stopping.wait(LOOK_SECONDS)
            return
        if found is not self._seen and not self._stopping.is_set():
            self._seen = found
            self._notify()
