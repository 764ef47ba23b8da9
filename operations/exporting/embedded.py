"""The log of a data folder, of this version or a former one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from suyuan.eventlog.log import Log
from suyuan.operations.exporting.lines import Exported, exported_lines
from suyuan.schemas.topics import INPUTS


def folder_lines(folder: Path, done: Exported) -> Iterator[bytes]:
    """The lines of a data folder's log, also beside a process that runs on it: what is there when it begins. Raises
    SuyuanError.
    """
    with Log.open(folder, role="export") as log:
        known = log.topics()
        ranges = {
            (topic, number): (log.start_offset(topic, number), log.end_offset(topic, number))
            for topic in INPUTS
            if topic in known
            for number in range(log.partitions(topic))
        }
        yield from exported_lines(ranges, log.fetch, done)
