"""From the log to batches: what a topic's partitions hold beyond what is loaded, up to a size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from suyuan.connections.lost import Lost
from suyuan.connections.refused_batch import RefusedBatch
from suyuan.schemas.arrow_stream import BadStream
from suyuan.schemas.blocks import BlockError
from suyuan.schemas.container import BadContainer
from suyuan.sinks.batches import Batch, ReadBlock, Span, intended_spans, read_for_batch
from suyuan.sinks.errors import LoaderError
from suyuan.sinks.log_reader import LogReader
from suyuan.sinks.tables import Target

FETCH_RECORDS = 256
FETCH_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Size:
    """Where a batch ends: the block that goes beyond `rows` or `bytes` is its last. `spans`: partitions of a batch at
    most, since a log may limit the text that is committed with an offset (Kafka: 4 KiB), and a span takes up to 34
    bytes of it. 64 MiB are 100,000 chains.
    """

    rows: int = 98_304
    bytes: int = 64 << 20
    spans: int = 100


class BatchReader:
    """Reads one group's topics. `positions`: where the next batch of each partition begins.

    `on_lost` is called for messages that the log no longer has, and raises where the loader must not go on without
    them.
    """

    def __init__(self, log: LogReader, group: str, size: Size, on_lost: Callable[[Lost], None]) -> None:
        self._log = log
        self._on_lost = on_lost
        self._group = group
        self._size = size
        self._turn: dict[str, int] = {}
        self.positions: dict[tuple[str, int], int] = {}
        self.uncommitted: dict[tuple[str, int], int] = {}
        """positions that were never committed: where the group begins"""

    def resume(self, target: Target) -> list[Batch]:
        """Take the committed positions of a topic. Returns the batches that were intended and not committed, made again
        of the very same messages, so that their tokens are the same.
        """
        intended: dict[tuple[Span, ...], None] = {}
        committed = self._log.committed_in(self._group, target.topic)
        another = self._log.is_another(target.topic)
        starts, ends = self._log.start_offsets(), self._log.end_offsets()  # asked last: they only grow
        for at, (offset, note) in committed.items():
            start, end = starts.get(at, 0), ends[at]
            if another:
                self._on_lost(Lost(*at, -1, start, remade=True))
            elif offset is not None and not start <= offset <= end:
                self._on_lost(Lost(*at, offset, start if offset < start else end))
            elif offset is not None:
                self.positions[at] = offset
                if spans := intended_spans(note):
                    intended[spans] = None
                continue
            self.positions[at] = self.uncommitted[at] = start
        return [self._exactly(target, spans) for spans in intended if self._is_next(target, spans)]

    def next_batch(self, target: Target) -> Batch | None:
        """The next batch, or None when there is nothing new. Positions are not moved."""
        ends = self._log.end_offsets()
        blocks: list[ReadBlock] = []
        spans: list[Span] = []
        rows = size = 0
        for partition in self._in_turn(target):
            if self.is_full(rows, size) or len(spans) == self._size.spans:
                break
            first = self.positions[target.topic, partition]
            last, end = first - 1, ends[target.topic, partition]
            for offset, value in self._messages(target, partition, first, end):
                if self.is_full(rows, size):
                    break
                if value is not None:
                    block = self._read(target, partition, offset, value)
                    if blocks and block.layout != blocks[0].layout:  # cannot be joined: begins the next batch
                        break
                    blocks.append(block)
                    rows, size = rows + block.rows, size + block.size
                last = offset
            else:
                last = max(last, end - 1)  # behind the last record there may be offsets without one
            if last >= first:
                spans.append(Span(partition, first, last))
        return self._batch(target, spans, blocks) if spans else None

    def is_full(self, rows: int, size: int) -> bool:
        """Whether a batch of so many rows and bytes takes no more."""
        return rows >= self._size.rows or size >= self._size.bytes

    def _in_turn(self, target: Target) -> list[int]:
        """The topic's partitions, beginning with another one each time, so that a busy one does not keep the others
        back.
        """
        count = self._log.partitions(target.topic)
        first = self._turn.get(target.topic, 0)
        self._turn[target.topic] = (first + 1) % count
        return [(first + number) % count for number in range(count)]

    def _messages(self, target: Target, partition: int, first: int, end: int) -> Iterator[tuple[int, bytes | None]]:
        at = first
        while at < end:
            fetched = self._log.fetch(target.topic, partition, at, FETCH_RECORDS, FETCH_BYTES)
            if not fetched.offsets or fetched.offsets[0] > at:
                start = self._log.start_offsets().get((target.topic, partition), 0)
                if at < start:
                    self._on_lost(Lost(target.topic, partition, at, start))
            if not fetched.offsets:
                return
            yield from zip(fetched.offsets, fetched.values, strict=True)
            at = fetched.offsets[-1] + 1

    def _exactly(self, target: Target, spans: tuple[Span, ...]) -> Batch:
        blocks = [
            self._read(target, span.partition, offset, value)
            for span in spans
            for offset, value in self._messages(target, span.partition, span.first, span.last + 1)
            if value is not None and offset <= span.last
        ]
        return self._batch(target, spans, blocks, repeated=True)

    def _is_next(self, target: Target, spans: tuple[Span, ...]) -> bool:
        return all(self.positions.get((target.topic, span.partition)) == span.first for span in spans)

    @staticmethod
    def _read(target: Target, partition: int, offset: int, value: bytes) -> ReadBlock:
        if isinstance(value, RefusedBatch):  # only stages write there, and none of them writes this
            raise LoaderError(f"topic {target.topic}, partition {partition}: {value.reason}")
        try:
            return read_for_batch(value)
        except (BlockError, BadContainer) as error:
            raise LoaderError(f"topic {target.topic}, partition {partition}, offset {offset}: {error}") from error

    @staticmethod
    def _batch(target: Target, spans: Sequence[Span], blocks: list[ReadBlock], *, repeated: bool = False) -> Batch:
        try:
            return Batch.of(target, spans, blocks, repeated=repeated)
        except (BlockError, BadContainer, BadStream) as error:
            raise LoaderError(f"topic {target.topic}, {spans}: {error}") from error
