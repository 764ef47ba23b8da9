"""Figures of a running system: lag, state size, and the verifier's."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from suyuan.eventlog.log import Log
from suyuan.runtime.chain_watch import BETWEEN_STAGES, ChainWatch, Progress
from suyuan.runtime.desk_figures import DeskFigures
from suyuan.runtime.embedded.loader_thread import LoaderThread
from suyuan.runtime.state_size import observe_state_size
from suyuan.runtime.unmatched_count import UnmatchedCount
from suyuan.schemas.topics import INPUTS
from suyuan.sinks.clickhouse import ClickHouse
from suyuan.sinks.metrics import observe_verification
from suyuan.sinks.verifier import Snapshot, Verification, Verifier
from suyuan.streams import metrics
from suyuan.streams.consumer_group import GROUP

logger = logging.getLogger(__name__)

IDLE_SECONDS = 10.0
"""between two looks at a system in which nothing happens"""


class SystemMonitor:
    """The figures of a system. Its methods are called from a thread at intervals. `budget`: alerts a desk and day."""

    def __init__(
        self, log: Log, clickhouse: ClickHouse, loaders: Iterable[LoaderThread], folder: Path, *, budget: int
    ) -> None:
        self._log = log
        self._loaders = tuple(loaders)
        self._folder = folder
        self._verifier = Verifier(clickhouse, log, inputs=lambda: log)
        self._observed: Mapping[tuple[str, int], int] | None = None
        self._observed_at = 0.0
        self._pending: Snapshot | None = None
        self._complete = False
        self._unmatched = UnmatchedCount(clickhouse)
        self._desks = DeskFigures(clickhouse, budget)
        self._chains = ChainWatch(clickhouse, log, self._snapshot, self._stages)

    def observe(self) -> None:
        """Set lag per group and topic, and size of the state; again only where something was written, or after some
        seconds.
        """
        ends, now = self._log.end_offsets(), time.monotonic()
        if ends is self._observed and now - self._observed_at < IDLE_SECONDS:
            return
        self._observed, self._observed_at = ends, now
        lags = ((GROUP, self._log.lag(GROUP)), *((loader.group, loader.lag()) for loader in self._loaders))
        for group, lag in lags:
            behind: defaultdict[str, int] = defaultdict(int)
            for (topic, _), messages in lag.items():
                behind[topic] += messages
            for topic, messages in behind.items():
                metrics.LAG.labels(group, topic).set(messages)
        observe_state_size(self._folder / "state")

    def verify(self) -> None:
        """Verify the last call's snapshot, once the loader is beyond it; what is not 0 is logged."""
        if self._pending is not None and self._pending.is_loaded(self._log):
            self._note(self._verifier.verify(self._pending))
            self._pending = None
        if self._pending is None:
            self._pending = self._snapshot()

    def look_at_chains(self) -> None:
        """Assess some chains anew from the records, where those are known to be all in the tables."""
        if self._complete:
            self._chains.look()

    def count_unmatched(self) -> None:
        """Count the records that match nothing, where what they name would be in the tables."""
        if self._complete:
            self._unmatched.look()

    def look_at_desks(self) -> None:
        """Compare the desks with their alert budget, by what is in the tables."""
        self._desks.look()

    def verify_all(self) -> Verification:
        """Figures of every offset and every key, of a system that has drained."""
        verification = self._verifier.verify(self._snapshot(), full=True)
        self._note(verification)
        return verification

    def _snapshot(self) -> Snapshot:
        starts = self._log.start_offsets()
        committed = self._log.committed_offsets(GROUP)
        inputs = {
            at: (starts[at], max(starts[at], offset or 0)) for at, (offset, _) in committed.items() if at[0] in INPUTS
        }
        return Snapshot.take(self._log, inputs)

    def _stages(self) -> Progress:
        committed = self._log.committed_offsets(GROUP)
        ends = self._log.end_offsets()
        return {at: (offset or 0, ends[at]) for at, (offset, _) in committed.items() if at[0] in BETWEEN_STAGES}

    def _note(self, verification: Verification) -> None:
        self._complete = not verification.gap
        observe_verification(verification)
        if verification.gap or verification.duplicates:
            logger.error(
                "verifier: %d events are in no table (%s), %d rows show twice (%s)",
                verification.gap,
                {topic: count for topic, count in verification.gap_by_topic.items() if count},
                verification.duplicates,
                {view: count for view, count in verification.duplicates_by_view.items() if count},
            )
