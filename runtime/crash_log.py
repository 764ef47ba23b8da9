"""What the framework logs of a crash."""

from __future__ import annotations

import logging

from suyuan.errors import SuyuanError


class WithoutCrashes(logging.Filter):
    """Leaves out that a part of the framework crashed with an error of ours: the command ends with it, in one line."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is to be shown."""
        crash = "Crashed reason=" in str(record.msg)
        return not (crash and record.exc_info and isinstance(record.exc_info[1], SuyuanError))
