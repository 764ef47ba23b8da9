"""Whether anything was lost or shows twice: recomputed each minute from the tables themselves.

gap         per partition of in.<kind>: (committed - start) - distinct offsets found in event_<kind> (accepted
or
            duplicate) and dead_letter together. Exact: bitmaps of offsets. What was found complete is not
            counted again until the 60th call after. What is missing is looked for in the log: where it has no
            record (a transaction took the offset) nothing is lost.
duplicates  rows that a read view shows beyond one per key: of a sixtieth of the keys, another one at each
call, or
            of all when asked for.

At 10 million events: 0.3 s for the gap, 1 s for the duplicates; 15 s for the duplicates of all keys.

Numbers are those of one moment only if the loader is beyond it: take a `Snapshot` first, wait for
`is_loaded`, then verify that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from clickhouse_connect.driver.client import Client

from suyuan.connections.topic_partition import TopicPartition
from suyuan.schemas.kinds import KINDS
from suyuan.sinks.clickhouse import ClickHouse
from suyuan.sinks.holes import Holes, InputLog, find_holes
from suyuan.sinks.log_reader import LogReader
from suyuan.sinks.tables import GROUP, TARGETS, key_columns

ROUND = 60
MISSING_SHOWN = 10
MISSING_AT_ONCE = 100_000

VIEWS: dict[str, tuple[str, ...]] = {
    **{f"event_{kind}_v": (*key_columns(kind), "publisher", "event_id", "digest") for kind in KINDS},
    "chain_current": ("platform_code", "listing_id"),
    "alert_current": ("alert_id",),
    "alert_log": ("alert_id", "sequence"),
    "finding_current": ("alert_id", "finding_id"),
    "dead_letter_v": ("topic", "source_partition", "source_offset"),
    "dead_letter_replay_v": ("topic", "source_partition", "source_offset", "replayed_at"),
    "note_v": ("note_id",),
    "audit_entry_v": ("leaf_index",),
    "audit_root_v": ("size",),
}
"""read view → what it may show only once"""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`inputs`: (start, committed) of every partition of in.* as its reader had it; `outputs`: where the
    loaded topics ended after that.
    """

    inputs: Mapping[TopicPartition, tuple[int, int]]
    outputs: Mapping[TopicPartition, int]

    @classmethod
    def take(cls, log: LogReader, inputs: Mapping[TopicPartition, tuple[int, int]]) -> Snapshot:
        """A snapshot of now. `inputs` must have been read before, so that all that they caused is within `outputs`."""
        ends = log.end_offsets()
        return cls(inputs, {at: ends[at] for at in _loaded_partitions(log)})

    def lag(self, log: LogReader) -> int:
        """Messages of the snapshot that the loader has not acknowledged yet."""
        behind = (end - (log.committed(GROUP, *at)[0] or 0) for at, end in self.outputs.items())
        return sum(max(0, messages) for messages in behind)

    def is_loaded(self, log: LogReader) -> bool:
        """Whether figures of the snapshot can be final."""
        return self.lag(log) == 0


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing of one partition. `found`: distinct offsets below `committed`, and those at which nothing ever
    was; `missing`: the first few others.
    """

    topic: str
    partition: int
    start: int
    committed: int
    found: int
    missing: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        """How many offsets are in no table."""
        return self.committed - self.start - self.found


@dataclass(frozen=True, slots=True)
class Verification:
    """Figures of one snapshot. `lag`: messages that the loader was behind; a gap is a loss only when it is 0."""

    partitions: tuple[Gap, ...]
    duplicates_by_view: Mapping[str, int]
    lag: int

    @property
    def gap(self) -> int:
        """How many offsets are in no table, of all topics."""
        return sum(gap.count for gap in self.partitions)

    @property
    def duplicates(self) -> int:
        """How many rows are shown too many, of all views."""
        return sum(self.duplicates_by_view.values())

    @property
    def gap_by_topic(self) -> dict[str, int]:
        """The gap of each topic."""
        totals: dict[str, int] = {}
        for gap in self.partitions:
            totals[gap.topic] = totals.get(gap.topic, 0) + gap.count
        return totals


@dataclass
class Verifier:
    """Verifies snapshots, and remembers between calls up to where each partition was complete. `round`: calls until all
    was looked at again. `inputs`: opens the log of the topics of events, called when something is missing for the first
    time.
    """

    clickhouse: ClickHouse
    log: LogReader
    inputs: Callable[[], InputLog]
    round: int = ROUND
    _complete: dict[TopicPartition, int] = field(default_factory=dict)
    _calls: int = 0
    _holes: Holes = field(default_factory=Holes)

    def verify(self, snapshot: Snapshot, *, full: bool = False) -> Verification:
        """The figures of a snapshot; `full`: all offsets and all keys."""
        part = None if full else self._calls % self.round
        if full or part == 0:
            self._complete.clear()
        self._calls += 1
        lag = snapshot.lag(self.log)
        topics = sorted({topic for topic, _ in snapshot.inputs})
        with self.clickhouse.reader() as client:
            gaps = [gap for topic in topics for gap in self._gaps(client, topic, snapshot)]
            duplicates = {view: _duplicates(client, view, key, part, self.round) for view, key in VIEWS.items()}
        self._complete |= {(gap.topic, gap.partition): gap.committed for gap in gaps if not gap.count}
        return Verification(tuple(gaps), duplicates, lag)

    def _gaps(self, client: Client, topic: str, snapshot: Snapshot) -> list[Gap]:
        ranges: dict[int, tuple[int, int]] = {}
        for (name, partition), (start, committed) in sorted(snapshot.inputs.items()):
            if name == topic:
                ranges[partition] = (max(start, self._complete.get((topic, partition), start)), committed)
        found = _found(client, topic, ranges)
        gaps = []
        for partition, (counted_from, committed) in ranges.items():
            start = snapshot.inputs[topic, partition][0]
            holes = self._holes.count((topic, partition), counted_from, committed)
            missing = committed - counted_from - found.get(partition, 0) - holes
            shown: tuple[int, ...] = ()
            if missing > 0:
                missing, shown = self._missing(client, (topic, partition), counted_from, committed)
            gaps.append(Gap(topic, partition, start, committed, committed - start - max(0, missing), shown))
        return gaps

    def _missing(self, client: Client, at: TopicPartition, low: int, high: int) -> tuple[int, tuple[int, ...]]:
        """How many offsets are in no table, though the log has a record there; and the first few of them."""
        count, shown = 0, list[int]()
        while low < high:
            offsets = _missing(client, *at, low, high)
            unknown = [offset for offset in offsets if not self._holes.has(at, offset)]
            holes = find_holes(self.inputs(), at, unknown) if unknown else []
            self._holes.add(at, holes)
            lost = sorted(set(unknown).difference(holes))
            count += len(lost)
            shown += lost[: MISSING_SHOWN - len(shown)]
            low = offsets[-1] + 1 if len(offsets) == MISSING_AT_ONCE else high
        return count, tuple(shown)


def _loaded_partitions(log: LogReader) -> list[TopicPartition]:
    return [(target.topic, number) for target in TARGETS for number in range(log.partitions(target.topic))]


def _found(client: Client, topic: str, ranges: Mapping[int, tuple[int, int]]) -> dict[int, int]:
    """Distinct offsets by partition, each within its [from, to)."""
    wanted = {partition: (low, high) for partition, (low, high) in ranges.items() if low < high}
    if not wanted:
        return {}
    within = " OR ".join(
        f"(source_partition = {partition} AND source_offset >= {low} AND source_offset < {high})"
        for partition, (low, high) in wanted.items()
    )
    rows = client.query(
        f"""
        SELECT source_partition, groupBitmap(toUInt64(source_offset)) FROM (
            SELECT source_partition, source_offset FROM event_{topic.removeprefix("in.")} WHERE {within}
            UNION ALL
            SELECT source_partition, source_offset FROM dead_letter WHERE topic = {{topic:String}} AND ({within})
        ) GROUP BY source_partition
        """,  # noqa: S608 - kinds and integers of our own
        parameters={"topic": topic},
    ).result_rows
    return dict(rows)


def _missing(client: Client, topic: str, partition: int, low: int, high: int) -> tuple[int, ...]:
    here = f"source_partition = {partition} AND source_offset >= {low} AND source_offset < {high}"
    rows = client.query(
        f"""
        SELECT toInt64(number) FROM numbers({low}, {high - low}) WHERE toInt64(number) NOT IN (
            SELECT source_offset FROM event_{topic.removeprefix("in.")} WHERE {here}
            UNION ALL
            SELECT source_offset FROM dead_letter WHERE topic = {{topic:String}} AND {here}
        ) ORDER BY number LIMIT {MISSING_AT_ONCE}
        """,  # noqa: S608 - kinds and integers of our own
        parameters={"topic": topic},
    ).result_rows
    return tuple(number for (number,) in rows)


def _duplicates(client: Client, view: str, key: tuple[str, ...], part: int | None, of: int) -> int:
    columns = ", ".join(key)
    chosen = "" if part is None else f"WHERE cityHash64({columns}) % {of} = {part}"
    statement = f"SELECT sum(n - 1) FROM (SELECT count() AS n FROM {view} {chosen} GROUP BY {columns})"  # noqa: S608
    return int(client.query(statement).result_rows[0][0] or 0)
