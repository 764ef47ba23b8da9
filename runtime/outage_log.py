"""What Kafka's clients say of brokers that are away: a line when it begins, a line when it ends, counts in between.

They say it with every attempt of every connection: three workers wrote 10 MB while brokers were restarted twice.
"""

from __future__ import annotations

import atexit
import logging
import re
import threading
import time
from collections import Counter
from collections.abc import Callable

logger = logging.getLogger(__name__)

CLIENTS = ("aiokafka", "kafka", "faust", "mode")
QUIET_SECONDS = 5.0
"""without a complaint, and it is over"""
STILL_SECONDS = 60.0
"""between two lines while it lasts"""
KINDS = 100
"""of lines that are counted apart"""
SHOWN = 6

_COMPLAINT = re.compile(
    r"unable connect|connection(error| lost| failed| at .* closed| abort)|econnrefused|errno 111|disconnect"
    r"|not ?ready|no node available|unable to update metadata|marking (the )?coordinator dead|request ?timed ?out",
    re.IGNORECASE,
)

Kind = tuple[str, str]
"""logger, the text before its parameters are filled in"""


class OutageLog(logging.Filter):
    """A filter of a handler. It withholds what the clients say while they complain of connections, and counts it. What
    comes with a traceback is shown the first time; what is ours, critical, or said while brokers answer, always.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._gate = threading.Lock()
        self._counts: Counter[Kind] = Counter()
        self._traced: set[Kind] = set()
        self._began: float | None = None
        self._complained = self._told = 0.0
        atexit.register(self.end)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is shown."""
        if record.name.partition(".")[0] not in CLIENTS or record.levelno >= logging.CRITICAL:
            return True
        text = record.getMessage()
        complains = record.levelno >= logging.WARNING and _COMPLAINT.search(text) is not None
        kind = record.name, str(record.msg)
        with self._gate:
            begins = complains and self._began is None
            if not complains and self._began is None:
                return True
            now = self._clock()
            if begins:
                self._began = self._told = now
            if complains:
                self._complained = now
            if kind not in self._counts and len(self._counts) >= KINDS:
                kind = record.name, "others"
            self._counts[kind] += 1
            shown = bool(record.exc_info) and kind not in self._traced
            if shown:
                self._traced.add(kind)
        if begins:
            logger.warning("a broker is away (%s: %s); the clients' lines are counted from here on", record.name, text)
            threading.Thread(target=self._watch, name="outage-log", daemon=True).start()
        return shown

    def look(self) -> bool:
        """Tell what there is to tell; whether brokers are still away."""
        with self._gate:
            now = self._clock()
            if self._began is None:
                return False
            if over := now - self._complained >= QUIET_SECONDS:
                began, self._began = self._began, None
                seconds, counts = self._complained - began, self._counts
                self._counts, self._traced = Counter(), set()
            elif now - self._told >= STILL_SECONDS:
                self._told, seconds, counts = now, now - self._began, Counter(self._counts)
            else:
                return True
        said = "all brokers answer again, after" if over else "a broker is still away, for"
        logger.warning("%s %.0f s; lines of the clients not shown: %s", said, seconds, _listed(counts))
        return not over

    def end(self) -> None:
        """The process ends: what was counted is told."""
        with self._gate:
            if self._began is None:
                return
            seconds, counts, self._began = self._clock() - self._began, self._counts, None
        logger.warning(
            "a broker was away to the end, for %.0f s; lines of the clients not shown: %s", seconds, _listed(counts)
        )

    def _watch(self) -> None:
        while self.look():
            time.sleep(1.0)


def _listed(counts: Counter[Kind]) -> str:
    most = [f"{count:,} of {name} ({text})" for (name, text), count in counts.most_common(SHOWN)]
    rest = counts.total() - sum(count for _, count in counts.most_common(SHOWN))
    return f"{counts.total():,}: {', '.join(most)}" + (f", {rest:,} others" if rest else "")
