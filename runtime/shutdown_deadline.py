"""A deadline for the shutdown of a process."""

from __future__ import annotations

import faulthandler
import logging
import os
import threading

logger = logging.getLogger(__name__)


class ShutdownDeadline:
    """Ends the process if its orderly shutdown takes longer than `seconds`: a process that hangs keeps its partitions
    from others. What was not acknowledged is done again, as after a kill.
    """

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, _end, [seconds])
        self._timer.daemon = True

    def arm(self) -> None:
        """Start the time, unless an earlier call did."""
        if self._timer.ident is None:
            self._timer.start()
            # from outside the interpreter, should not even the timer's thread get to run
            faulthandler.dump_traceback_later(self._timer.interval + 5, exit=True)

    def disarm(self) -> None:
        """Stop the time, since the process ended well; also where it was never armed."""
        self._timer.cancel()
        if self._timer.ident is not None:
            faulthandler.cancel_dump_traceback_later()


def _end(seconds: float) -> None:
    logger.critical("not ended after %.0f s: ending as if killed; what is not acknowledged will be done again", seconds)
    logging.shutdown()
    os._exit(1)
