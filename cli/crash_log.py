"""What the framework logs of a crash."""

from __future__ import annotations

import logging


class WithoutCrashes(logging.Filter):
    """Leaves out that a part of the framework crashed with an error of one of these kinds: the command ends with it, in
    one line.
    """

    def __init__(self, *kinds: type[BaseException]) -> None:
        super().__init__()
        self._kinds = kinds

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is to be shown."""
        crash = "Crashed reason=" in str(record.msg)
        return not (crash and record.exc_info and isinstance(record.exc_info[1], self._kinds))
