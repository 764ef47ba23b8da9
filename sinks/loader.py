"""The loader: blocks from the log into a sink, outside the streams' acknowledgements.

For each batch, in this order:

1. read     what its topic's partitions hold beyond the committed offsets, up to a size
2. intent   commit the ranges as a note (offsets unmoved), together with what step 5 of the batch before has pending
3. write    into the sink, again while the failure may pass; the tables with a token made of the ranges and sums of
            the bytes
4. verify   of the tables: the rows that they took against those of the containers
5. commit   the offsets beyond the ranges: with the next intent, at once when there is no next

Killed after 2: the restart reads the very same ranges, hence the same token. Killed after 3: it does so
too, and ClickHouse drops the repeat. Should the token have left ClickHouse's memory by then,
ReplacingMergeTree and the read views fold the rows. Files leave out the lines that they have.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from suyuan.connections.log_errors import MessagesLost
from suyuan.connections.lost import Lost, refusal
from suyuan.connections.topic_partition import TopicPartition
from suyuan.sinks.attempts import Attempts, BackOff
from suyuan.sinks.batch_reader import BatchReader, Size
from suyuan.sinks.batches import Batch
from suyuan.sinks.log_reader import LogReader
from suyuan.sinks.sink import Sink
from suyuan.sinks.tables import Target

POLL_SECONDS = 0.02
WOKEN_SECONDS = 2.0
"""between two looks at a log that wakes the loader"""
BUSY_ROWS = 4096
FULL_ROWS = 49_152
"""that are worth an insert at once: the fewer parts, the less often a row is merged
(docs/decisions/0018-what-an-insert-costs.md). Below 12,000 rows a second LONGEST_SECONDS come first
"""
LONGEST_SECONDS = 4.0
"""that rows wait for others at a high rate"""
QUIET_SECONDS = 2.0
"""without a message, after which rows wait for no others: at any rate at which they should, blocks come more often"""
BEYOND_SECONDS = 5.0
"""that a log may say it ends before what was read of it"""


@dataclass(frozen=True, slots=True)
class Loaded:
    """One batch that is written. `seconds`: from the first attempt to the last answer."""

    target: Target
    rows: int
    bytes: int
    seconds: float


class Loader:
    """Loads topics into a sink, in one thread; `stop` may be set from another. Methods that load raise LoaderError.

    `targets`: those of the sink that this loader has; None: all. `pause(seconds)` waits before a write is repeated, and
    returns whether to go on; it sets `stop` where not.

    Messages that were deleted before they were loaded are reported to `on_lost`, and raise MessagesLost unless
    `accept_loss`: then the loader goes on with what is there.

    `on_loaded` is called with each batch that is written, `on_retry(batch, error, attempt)` for each failed attempt.
    """

    def __init__(
        self,
        log: LogReader,
        sink: Sink,
        targets: Sequence[Target] | None = None,
        size: Size | None = None,
        back_off: BackOff | None = None,
        on_loaded: Callable[[Loaded], None] | None = None,
        on_retry: Callable[[Batch, Exception, int], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], bool] | None = None,
        on_lost: Callable[[Lost], None] | None = None,
        *,
        accept_loss: bool = False,
    ) -> None:
        self.stop = threading.Event()
        self.waits = True
        """whether `run` has rows wait for others; to be set by who knows that none will come"""
        self._log = log
        self._woken = threading.Event()
        self._is_woken = False
        self._group = sink.group
        self._targets = list(sink.targets if targets is None else targets)
        self._on_lost = on_lost
        self._accepts_loss = accept_loss
        self._beyond_since: dict[TopicPartition, float] = {}
        self._reader = BatchReader(log, self._group, size or Size(), self._note_lost)
        self._attempts = Attempts(sink, pause or (lambda seconds: not self.stop.wait(seconds)), back_off, on_retry)
        self._on_loaded = on_loaded
        self._clock = clock
        self._waiting_since: dict[str, float] = {}
        self._ends_since: dict[str, tuple[int, float]] = {}
        self._last: dict[str, tuple[float, int, float]] = {}
        self._pending: dict[TopicPartition, tuple[int, str]] = {}
        self._unfinished: list[Batch] = []
        log.register(self._group, [target.topic for target in self._targets])
        for target in self._targets:
            self._unfinished += self._reader.resume(target)
        self._pending |= {at: (offset, "") for at, offset in self._reader.uncommitted.items()}

    def run(self) -> None:
        """Load until `stop` is set."""
        while not self.stop.is_set():
            self._woken.clear()
            if self.step(wait=self.waits):
                continue
            if self._is_woken and not self._waiting_since:
                self._woken.wait(WOKEN_SECONDS)
            else:
                self.stop.wait(POLL_SECONDS)

    def wake(self) -> None:
        """Something may have come, or `stop` was set. From the first call on the loader counts on being woken, and
        looks by itself only every WOKEN_SECONDS.
        """
        self._is_woken = True
        self._woken.set()

    def drain(self) -> int:
        """Load everything that there is, without waiting for more. Returns the rows loaded."""
        total = 0
        while not self.stop.is_set():
            rows = self.step(wait=False)
            if not rows and not any(self.lag().values()):
                break
            total += rows
        return total

    def step(self, *, wait: bool = True) -> int:
        """Load each topic's next batch, if it has waited long enough or `wait` is False. Returns the rows loaded."""
        rows = 0
        while self._unfinished and not self.stop.is_set():
            rows += self._load(self._unfinished[0])
            if self.stop.is_set():
                break
            del self._unfinished[0]
        ends = self._log.end_offsets()
        self._miss_the_end(ends)
        for target in self._targets:
            if self.stop.is_set():
                break
            if self._is_due(target, ends, wait=wait):
                batch = self._reader.next_batch(target)
                rows += self._load(batch) if batch is not None else 0
        self._commit_pending()
        return rows

    def lag(self) -> dict[TopicPartition, int]:
        """Messages not yet in the sink, by topic-partition."""
        ends = self._log.end_offsets()
        return {at: max(0, ends[at] - position) for at, position in self._reader.positions.items()}

    @property
    def positions(self) -> Mapping[TopicPartition, int]:
        """The next offset to be read of each of its partitions."""
        return self._reader.positions

    @property
    def is_idle(self) -> bool:
        """Whether the last step found nothing, not even what is to wait for more."""
        return not self._waiting_since

    def _note_lost(self, lost: Lost) -> None:
        if self._on_lost is not None:
            self._on_lost(lost)
        if not self._accepts_loss:
            raise MessagesLost(f"{refusal([lost], '')}; `suyuan state rebuild` then makes events and chains anew")

    def _miss_the_end(self, ends: Mapping[TopicPartition, int]) -> None:
        """Note as lost what a log no longer has that ends before what was read of it: it is not the same log. Ends may
        be reported late, so only after BEYOND_SECONDS.
        """
        now, positions = self._clock(), self._reader.positions
        self._beyond_since = {
            at: self._beyond_since.get(at, now) for at, position in positions.items() if ends[at] < position
        }
        for at, since in self._beyond_since.items():
            if now - since > BEYOND_SECONDS:
                self._note_lost(Lost(*at, positions[at], ends[at]))
                positions[at] = self._log.start_offsets().get(at, 0)

    def _is_due(self, target: Target, ends: Mapping[TopicPartition, int], *, wait: bool) -> bool:
        partitions = range(self._log.partitions(target.topic))
        positions = self._reader.positions
        if all(positions[target.topic, number] >= ends[target.topic, number] for number in partitions):
            self._waiting_since.pop(target.topic, None)
            return False
        now = self._clock()
        since = self._waiting_since.setdefault(target.topic, now)
        end = sum(ends[target.topic, number] for number in partitions)
        known, still_since = self._ends_since.setdefault(target.topic, (end, now))
        if end != known:
            self._ends_since[target.topic] = end, now
        elif now - still_since >= QUIET_SECONDS:
            return True
        if not wait or now - since >= target.max_wait_seconds * self._patience(target, now):
            return True
        waiting = sum(ends[target.topic, number] - positions[target.topic, number] for number in partitions)
        _, _, rows_of_a_message = self._last.get(target.topic, (0.0, 0, 0.0))
        return waiting * rows_of_a_message >= FULL_ROWS

    def _patience(self, target: Target, now: float) -> float:
        """Factor for a topic's waiting time: 1 when little comes, up to 8 when much does, since few large inserts cost
        half of many small ones.
        """
        at, rows, _ = self._last.get(target.topic, (now, 0, 0.0))
        if now - at > 2 * LONGEST_SECONDS:  # what comes now is not what came then
            return 1.0
        return max(1.0, min(8.0, LONGEST_SECONDS / target.max_wait_seconds, 1 + rows / BUSY_ROWS))

    def _load(self, batch: Batch) -> int:
        self._commit_pending(batch.intent)
        began = self._clock()
        if not self._attempts.write(batch):
            return 0
        self._pending |= batch.committed
        for at, (offset, _) in batch.committed.items():
            self._reader.positions[at] = offset
        messages = sum(span.last + 1 - span.first for span in batch.spans)
        self._last[batch.target.topic] = self._clock(), batch.rows, batch.rows / messages
        if not self._reader.is_full(batch.rows, len(batch.data)):
            self._waiting_since.pop(batch.target.topic, None)
        if self._on_loaded is not None:
            self._on_loaded(Loaded(batch.target, batch.rows, len(batch.data), self._clock() - began))
        return batch.rows

    def _commit_pending(self, intent: dict[TopicPartition, tuple[int, str]] | None = None) -> None:
        entries = self._pending | (intent or {})
        if not entries:
            return
        offsets = {at: offset for at, (offset, _) in entries.items()}
        self._log.commit(self._group, offsets, {at: note for at, (_, note) in entries.items()})
        self._pending.clear()
