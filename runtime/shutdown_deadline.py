"""A process that shall end, ends."""

from __future__ import annotations

import faulthandler
import logging
import os
import threading

logger = logging.getLogger(__name__)


class ShutdownDeadline:
    """Ends the process if its orderly end takes longer than `seconds`: one that hangs keeps its partitions from others.
    What was not acknowledged is done again, as after a kill.
    """

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, _end, [seconds])
        self._timer.daemon = True

    def arm(self) -> None:
        """The time runs from now on, or from an earlier call."""
        if self._timer.ident is None:
            self._timer.start()
            # from outside the interpreter, should not even the timer's thread get to run
            faulthandler.dump_traceback_later(self._timer.interval + 5, exit=True)

    def disarm(self) -> None:
        """It ended well; also where it was never armed."""
        self._timer.cancel()
        if self._timer.ident is not None:
            faulthandler.cancel_dump_traceback_later()


def _end(seconds: float) -> None:
    logger.critical("not ended after %.0f s: ending as if killed; what is not acknowledged will be done again", seconds)
    logging.shutdown()
    os._exit(1)
