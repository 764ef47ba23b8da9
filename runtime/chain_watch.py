"""Checks whether current chains are what the records say, beside the verifier's other figures, in both shapes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from suyuan.connections.topic_partition import TopicPartition
from suyuan.queries.chain_check import ChainChecker, Look
from suyuan.queries.chain_check.describing import describe
from suyuan.queries.chain_check.recent import Recent
from suyuan.queries.metrics import observe_look
from suyuan.sinks.clickhouse import ClickHouse
from suyuan.sinks.log_reader import LogReader
from suyuan.sinks.verifier import Snapshot
from suyuan.streams.topology import TOPOLOGY

logger = logging.getLogger(__name__)

LOOK_SECONDS = 30.0
SAMPLE = 100
"""chains at a look: 200 a minute"""
SETTLED_MS = 60_000
"""what happened within this time is not judged yet"""
LOADING_SECONDS = 5.0
"""that the loader may take for what the stages have just sent"""
MOST_NAMED = 10
"""wrong chains that one look names in the log"""

BETWEEN_STAGES = frozenset(topic for stage in TOPOLOGY for topic in stage.blocks)
"""topics by which stages tell one another, or themselves, what is still to be done"""

Progress = Mapping[TopicPartition, tuple[int, int]]
"""of each partition of those topics: the stages' next offset, then, read after it, the end"""


@dataclass(frozen=True, slots=True)
class _Mark:
    """What had been taken in, and where the topics between the stages ended after that."""

    snapshot: Snapshot
    ends: Mapping[TopicPartition, int]


class ChainWatch:
    """Called from one thread, each LOOK_SECONDS. `snapshot`, `stages`: how things stand now. `clock`: ms UTC."""

    def __init__(
        self,
        clickhouse: ClickHouse,
        log: LogReader,
        snapshot: Callable[[], Snapshot],
        stages: Callable[[], Progress],
        *,
        chance: Random | None = None,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self.checker = ChainChecker(clickhouse, chance or Random(), SAMPLE)  # noqa: S311 -- spreads the looks
        self._log = log
        self._snapshot = snapshot
        self._stages = stages
        self._clock = clock
        self._pause = pause
        self._mark: _Mark | None = None

    def look(self) -> Look | None:
        """Look at the next chains and at those that differed, if the stages are through with all that had been taken in
        at the call before, and the loader with what followed. None where they are not: then the next call may.
        """
        look = None
        if self._mark is not None and self._is_through(self._mark) and self._is_loaded():
            now = self._clock()
            look = self.checker.look(Recent(now - SETTLED_MS, self._mark.snapshot.inputs), now)
            self._note(look)
            self._mark = None
        if self._mark is None:
            snapshot = self._snapshot()
            self._mark = _Mark(snapshot, {at: end for at, (_, end) in self._stages().items()})
        return look

    def _is_through(self, mark: _Mark) -> bool:
        stages = self._stages()
        if any(end > committed for (topic, _), (committed, end) in stages.items() if topic.endswith(".backlog")):
            return False  # long work goes on, in message after message
        return all(stages[at][0] >= end for at, end in mark.ends.items())

    def _is_loaded(self) -> bool:
        until = time.monotonic() + LOADING_SECONDS
        now = self._snapshot()
        while not now.is_loaded(self._log):
            if time.monotonic() > until:
                return False
            self._pause(0.1)
        return True

    def _note(self, look: Look) -> None:
        observe_look(look, len(self.checker.wrong))
        partitions = self._log.partitions("chain")
        for wrong in look.new[:MOST_NAMED]:
            logger.error("verifier: %s", describe(wrong, partitions))
        if len(look.new) > MOST_NAMED:
            logger.error("verifier: and %d more chains are wrong", len(look.new) - MOST_NAMED)
