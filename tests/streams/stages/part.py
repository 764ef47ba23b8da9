"""One partition of a stage, driven by hand: messages in, rows out, as they would go through the log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import polars as pl

from suyuan.schemas.blocks import block_schema, decode_block, encode_block
from suyuan.schemas.events import encode_event
from suyuan.schemas.topics import topic as topic_named
from suyuan.streams.dead_letter_limit import DeadLetterLimit
from suyuan.streams.messages import encode_outputs
from suyuan.streams.stage import Block, Run, StageContext
from suyuan.streams.state.cache import CachedReader
from suyuan.streams.state.memory_store import MemoryStore
from suyuan.streams.state.view import Overlay
from suyuan.streams.topology import TOPOLOGY
from tests.streams.event_messages import parsed_whenever

Row = dict[str, Any]
T0 = 1_800_000_000_000
"""when the log took the first message, ms"""


class Sent(dict[str, list[Row]]):
    """Rows by topic, each with `@`, the partition that it went to. No rows for a topic that nothing went to."""

    def __missing__(self, topic: str) -> list[Row]:
        return []

    def to(self, partition: int, topic: str) -> list[Row]:
        """Rows of a topic that went to one partition."""
        return [row for row in self[topic] if row["@"] == partition]


class Part:
    """`events` and `rows` hand a message over, keep what it does to state and return what it sends."""

    def __init__(
        self,
        stage: str,
        *,
        partition: int = 0,
        partitions: int = 1,
        slice_rows: int = 4000,
        dead_letter_limit: DeadLetterLimit | None = None,
    ) -> None:
        (self.stage,) = (each for each in TOPOLOGY if each.name == stage)
        limit = dead_letter_limit or DeadLetterLimit()
        self.context = StageContext(partition, partitions, slice_rows=slice_rows, dead_letter_limit=limit)
        self.store = MemoryStore()
        self._ends: dict[str, int] = defaultdict(int)

    def events(
        self, kind: str, *events: Row | bytes, at: int | None = None, taken_at: int = T0, redelivered: bool = False
    ) -> Sent:
        """One run of `in.<kind>`: events as publishers write them, or raw bytes. `at`: offset of the first; `taken_at`:
        the log's time of what has offset 0, ms, each next one is a millisecond later.
        """
        topic = f"in.{kind}"
        start = self._ends[topic] if at is None else at
        self._ends[topic] = max(self._ends[topic], start + len(events))
        values = [event if isinstance(event, bytes) else encoded(event) for event in events]
        offsets = range(start, start + len(values))
        keys = [b"key-%d" % offset for offset in offsets]
        times = [taken_at + offset for offset in offsets]
        run = Run(topic, self.context.partition, offsets, keys, values, times, redelivered)
        view = Overlay(CachedReader(self.store, entries=0))
        return self._sent(self.stage.runs[topic](run, view, self.context), view)

    def rows(self, topic: str, rows: Sequence[Row], *, redelivered: bool = False) -> Sent:
        """One block. `redelivered`: the topic's last one, again."""
        assert rows, f"no rows for {topic}"
        schema = topic_named(topic).schema
        frame = pl.DataFrame(
            [{name: value for name, value in row.items() if name != "@"} for row in rows],
            schema=block_schema(schema),
        )
        offset = self._ends[topic] - redelivered
        self._ends[topic] = offset + 1
        block = Block(
            topic,
            self.context.partition,
            offset,
            offset,
            T0 + offset,
            decode_block(encode_block(schema, frame)),
            redelivered,
        )
        view = Overlay(CachedReader(self.store, entries=0))
        return self._sent(self.stage.blocks[topic](block, view, self.context), view)

    def _sent(self, outputs: Any, view: Overlay) -> Sent:
        sent = Sent()
        for message in encode_outputs(outputs, self.context.partition, self.context.partitions):
            assert message.topic in self.stage.writes
            for row in decode_block(message.value).iter_rows(named=True):
                sent.setdefault(message.topic, []).append(row | {"@": message.partition})
        self.store.write_batch(*view.changes())
        return sent


def encoded(event: Row) -> bytes:
    """As a publisher sends it."""
    parsed = parsed_whenever(event)
    return encode_event(parsed.kind, parsed.event)
