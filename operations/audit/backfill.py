"""What was published before the audit existed, on its way into the tree: every accepted event of an audited kind, in
the order of topic, partition and offset.

It decides as intake did, by the same functions of the same bytes, but for repeats: those the audit stage leaves out, as
it does all that it has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from suyuan.connections.topic_partition import TopicPartition
from suyuan.schemas.accepted_runs import accepted_run
from suyuan.schemas.kinds import AUDITED
from suyuan.streams.messages import OutputMessage, encode_outputs
from suyuan.streams.stage import Output, Run
from suyuan.streams.stages.audit_records import audit_records
from suyuan.streams.stages.intake import prepared

TOPICS = tuple(sorted(f"in.{kind}" for kind in AUDITED))
FETCH_RECORDS = 8_192
FETCH_BYTES = 8 << 20


class Fetched(Protocol):
    """Records of one partition, columns of equal length."""

    @property
    def offsets(self) -> Sequence[int]:
        """Offset of each."""

    @property
    def keys(self) -> Sequence[bytes | None]:
        """Key of each."""

    @property
    def values(self) -> Sequence[bytes | None]:
        """Value of each."""

    @property
    def timestamps(self) -> Sequence[int]:
        """When the log took each, ms."""


Fetch = Callable[[str, int, int, int, int], Fetched]
"""topic, partition, offset, most records, most bytes"""


def backfill_blocks(
    ranges: Mapping[TopicPartition, tuple[int, int]], fetch: Fetch, partitions: int
) -> Iterator[OutputMessage]:
    """Blocks for `audit.record`, to be appended in this order. `ranges`: (from, to) of each partition of TOPICS."""
    for (topic, partition), (start, end) in sorted(ranges.items()):
        offset = start
        while offset < end:
            fetched = fetch(topic, partition, offset, FETCH_RECORDS, FETCH_BYTES)
            within = [row for row, at in enumerate(fetched.offsets) if at < end]
            if not within:
                break
            run = Run(
                topic,
                partition,
                [fetched.offsets[row] for row in within],
                [fetched.keys[row] for row in within],
                [fetched.values[row] for row in within],
                [fetched.timestamps[row] for row in within],
            )
            offset = run.offsets[-1] + 1
            yield from encode_outputs(_records(run), 0, partitions)


def _records(run: Run) -> list[Output]:
    kind = run.topic.removeprefix("in.")
    rows = accepted_run(kind, run.values, run.timestamps).rows
    return [] if rows.is_empty() else [audit_records(run, kind, prepared(kind, run, rows))]
