"""Why a connection failed: the client libraries log that, try again, and raise only an error that says they gave up."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

Kinds = tuple[type[BaseException], ...]


class Cause(logging.Handler):
    """Remembers the last error that was logged with an exception in its arguments (`last`), other than one of `but`;
    one of `rather`, once seen, stays.
    """

    def __init__(self, but: Kinds, rather: Kinds) -> None:
        super().__init__()
        self.last: BaseException | None = None
        self._but = but
        self._rather = rather

    def emit(self, record: logging.LogRecord) -> None:
        """Remember the record's error."""
        if (
            record.levelno >= logging.ERROR
            and isinstance(record.args, tuple)
            and not isinstance(self.last, self._rather)
        ):
            found = [
                each for each in record.args if isinstance(each, BaseException) and not isinstance(each, self._but)
            ]
            self.last = found[-1] if found else self.last


@contextmanager
def cause_of_failure(logger: str, *, but: Kinds = (), rather: Kinds = ()) -> Iterator[Cause]:
    """Listens to a library's logger for the duration of the context. What it logs still goes where logging is set up to
    put it, but not to standard error where logging is not set up.
    """
    listened, cause = logging.getLogger(logger), Cause(but, rather)
    listened.addHandler(cause)
    try:
        yield cause
    finally:
        listened.removeHandler(cause)
