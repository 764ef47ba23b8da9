"""Figures of a loader: its lag each second, and the verifier's each minute from one loader of the group."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Sequence

from suyuan.connections.kafka import KafkaConnection
from suyuan.operations.hidden_messages import HiddenMessages
from suyuan.runtime.chain_watch import BETWEEN_STAGES, LOOK_SECONDS, ChainWatch, Progress
from suyuan.runtime.cluster.loader import ClusterLoader
from suyuan.runtime.desk_figures import DeskFigures
from suyuan.runtime.unmatched_count import COUNT_SECONDS, UnmatchedCount
from suyuan.schemas.topics import INPUTS
from suyuan.sinks.ahead import reached_in_tables
from suyuan.sinks.clickhouse import ClickHouse
from suyuan.sinks.kafka_log import KafkaLog
from suyuan.sinks.metrics import observe_verification
from suyuan.sinks.verifier import Snapshot, Verification, Verifier
from suyuan.streams import metrics
from suyuan.streams.consumer_group import GROUP as STAGES

logger = logging.getLogger(__name__)

WATCH_SECONDS = 1.0
VERIFY_SECONDS = 60.0
VERIFIER = "chain"
"""whoever loads this topic verifies"""
VERIFIERS = "verifier"
"""named to the brokers; nothing is ever committed for it"""


class LoaderMonitor:
    """Runs in a thread of its own from `start` to `stop`. Errors are logged, and the next look tries again. `loader`:
    that of the tables; `others`: whose lag is set too; `budget`: alerts a desk and day.
    """

    def __init__(
        self,
        loader: ClusterLoader,
        clickhouse: ClickHouse,
        connection: KafkaConnection,
        others: Sequence[ClusterLoader] = (),
        *,
        budget: int,
    ) -> None:
        self._loader = loader
        self._others = tuple(others)
        self._connection = connection
        self._inputs: KafkaLog | None = None
        self._clickhouse = clickhouse
        self._compared = False
        self._hidden = HiddenMessages(INPUTS)
        self._verifier = Verifier(clickhouse, loader.log, self._open_inputs)
        self._pending: Snapshot | None = None
        self._complete = False
        self._stopping = threading.Event()
        self._unmatched = UnmatchedCount(clickhouse)
        self._desks = DeskFigures(clickhouse, budget)
        self._chains = ChainWatch(clickhouse, loader.log, self._snapshot, self._stages, pause=self._stopping.wait)
        self._thread = threading.Thread(target=self._run, name="loader-watch", daemon=True)

    def start(self) -> None:
        """Monitor in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Stop soon; a query in flight is not waited for."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)
        if self._inputs is not None:
            self._inputs.close()

    def verify_all(self) -> Verification:
        """Figures of every offset and every key. `lag` is 0 when they are final. Raises SinkError, ClickHouseError."""
        verification = self._verifier.verify(self._snapshot(), full=True)
        self._note(verification)
        return verification

    def _run(self) -> None:
        verified_at = looked_at = counted_at = time.monotonic()
        while not self._stopping.wait(WATCH_SECONDS):
            try:
                self._observe_lag()
                if time.monotonic() - verified_at >= VERIFY_SECONDS and VERIFIER in self._loader.owned:
                    verified_at = time.monotonic()
                    self._hidden.look(self._open_inputs().open_transactions())
                    self._verify()
                if self._complete and time.monotonic() - looked_at >= LOOK_SECONDS and VERIFIER in self._loader.owned:
                    looked_at = time.monotonic()
                    self._chains.look()
                if self._complete and time.monotonic() - counted_at >= COUNT_SECONDS and VERIFIER in self._loader.owned:
                    counted_at = time.monotonic()
                    self._unmatched.look()
                if VERIFIER in self._loader.owned:
                    self._desks.look()
                else:
                    self._desks.leave()
                self._compare_with_the_tables()  # last: ClickHouse may be away, and the figures above are not its own
            except Exception as error:  # noqa: BLE001 -- a server that is away; loading goes on
                logger.warning("cannot watch: %s", error)

    def _compare_with_the_tables(self) -> None:
        """Compare the log with the tables once, in the loader that verifies."""
        if self._compared or VERIFIER not in self._loader.owned:
            return
        ends = self._open_inputs().end_offsets()
        for at, reached in reached_in_tables(self._clickhouse).items():
            if reached > ends.get(at, 0):
                logger.error(
                    "the tables have %s-%d up to offset %d, and it ends at %d: it lost its end, or was deleted and "
                    "made again. Unless a worker was told so (--accept-loss), newer versions of listings do not show: "
                    "use an empty database",
                    *(*at, reached - 1, ends.get(at, 0)),
                )
        self._compared = True

    def _observe_lag(self) -> None:
        for loader in (self._loader, *self._others):
            behind: defaultdict[str, int] = defaultdict(int)
            for (topic, _), messages in loader.lag().items():
                behind[topic] += messages
            for topic, messages in behind.items():
                metrics.LAG.labels(loader.group, topic).set(messages)

    def _verify(self) -> None:
        """Verify the last call's snapshot, once the loaders are beyond it."""
        if self._pending is not None and self._pending.is_loaded(self._loader.log):
            self._note(self._verifier.verify(self._pending))
            self._pending = None
        if self._pending is None:
            self._pending = self._snapshot()

    def _open_inputs(self) -> KafkaLog:
        if self._inputs is None:
            self._inputs = KafkaLog(self._connection, INPUTS, VERIFIERS)
        return self._inputs

    def _snapshot(self) -> Snapshot:
        committed = self._loader.log.committed_offsets(STAGES, INPUTS)
        starts = self._loader.log.start_offsets(committed)
        inputs = {at: (starts[at], max(starts[at], offset)) for at, offset in committed.items()}
        return Snapshot.take(self._loader.log, inputs)

    def _stages(self) -> Progress:
        log = self._loader.log
        topic_partitions = [(topic, number) for topic in BETWEEN_STAGES for number in range(log.partitions(VERIFIER))]
        committed = log.committed_offsets(STAGES, BETWEEN_STAGES)
        ends = log.end_offsets_of(topic_partitions)
        return {at: (committed.get(at, 0), ends[at]) for at in topic_partitions}

    def _note(self, verification: Verification) -> None:
        if verification.lag:
            return  # what is missing may be on its way
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
