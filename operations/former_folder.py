"""A data folder of a former shape of the streams."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from suyuan.eventlog.errors import LogMissing
from suyuan.eventlog.log import Log
from suyuan.eventlog.schema import Fsync
from suyuan.schemas.former_shape import refuse_former_shape


def refuse_former_folder(folder: Path, fsync: Fsync = "interval") -> None:
    """Raise FormerShape for a folder of a former shape, which is only read: whoever opens its log to write has changed
    the file already. Raises LogError.
    """
    with suppress(LogMissing), Log.open(folder, "read", fsync) as log:
        refuse_former_shape(log.topics(), str(folder), f"suyuan state rebuild --data {folder}")
