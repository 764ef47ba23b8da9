"""Reports publishers most of whose messages cannot be read: a metric for each, and a line in the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from suyuan.streams import metrics

logger = logging.getLogger(__name__)

AGAIN_SECONDS = 600.0
NAMED = 100
"""publishers that a process has figures of by name; keys may name any number"""
OTHERS = "others"


class SetAside:
    """Reports for one process, each publisher of a topic again after AGAIN_SECONDS."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: dict[tuple[str, str], float] = {}
        self._named: set[str] = set()

    def note(self, topic: str, partition: int, messages: Mapping[str, int]) -> None:
        """`messages`: of each publisher, how many became dead letters that do not count to the limit."""
        for publisher, count in messages.items():
            if len(self._named) < NAMED:
                self._named.add(publisher)
            name = publisher if publisher in self._named else OTHERS
            metrics.SET_ASIDE.labels(topic, name).inc(count)
            told = self._told.get((topic, name))
            if told is None or self._clock() - told > AGAIN_SECONDS:
                self._told[topic, name] = self._clock()
                logger.error(
                    "%s-%d: most of what cannot be read is %s's: it goes to the dead letters, and the others' messages "
                    "are read on. See `suyuan deadletters list --topic %s`; the publisher has to be mended",
                    *(topic, partition, publisher, topic),
                )
