"""One log per folder in a process, shared by all of its users: the app's producer and consumer, the loaders."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from suyuan.eventlog.log import Log

if TYPE_CHECKING:
    from suyuan.eventlog.schema import Fsync

_gate = threading.Lock()
_shared: dict[Path, tuple[Log, int]] = {}


def acquire(folder: str | Path, fsync: Fsync = "interval") -> Log:
    """The process's log of a data folder, opened by the first caller (whose `fsync` holds). To be given back by
    `release`.
    """
    folder = Path(folder).resolve()
    with _gate:
        log, users = _shared.get(folder) or (Log.open(folder, "process", fsync), 0)
        _shared[folder] = (log, users + 1)
    return log


def release(log: Log) -> None:
    """Give the log back; the last user's release closes it."""
    with _gate:
        folder = log.folder
        found, users = _shared[folder]
        if users > 1:
            _shared[folder] = (found, users - 1)
            return
        del _shared[folder]
    log.close()
