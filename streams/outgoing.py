"""What a stage returns as messages: rows split by partition, one block each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from suyuan.domain.keys import partition_of
from suyuan.schemas.blocks import block_schema, encode_block
from suyuan.schemas.topics import topic
from suyuan.streams.stage import Emit

MAX_BLOCK_ROWS = 16_384


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message for a topic's partition: `value` is the block of `rows`."""

    topic: str
    partition: int
    value: bytes
    rows: pl.DataFrame


def outgoing(emits: Iterable[Emit], own_partition: int, partitions: int) -> Iterator[Outgoing]:
    """The messages of the emits, in their order within each partition."""
    for emit in emits:
        name = topic(emit.topic).schema
        columns = list(block_schema(name))
        for partition, rows in _split(emit, own_partition, partitions):
            for block in rows.select(columns).iter_slices(MAX_BLOCK_ROWS):
                yield Outgoing(emit.topic, partition, encode_block(name, block), block)


def _split(emit: Emit, own_partition: int, partitions: int) -> Iterator[tuple[int, pl.DataFrame]]:
    rows = emit.rows
    if rows.is_empty():
        return
    if "partition" in rows.columns:
        chosen = rows["partition"]
    elif emit.key is None or partitions == 1:
        yield (own_partition if emit.key is None else 0), rows
        return
    else:
        texts = rows[emit.key].fill_null("").to_list()
        chosen = pl.Series([partition_of(text, partitions) for text in texts], dtype=pl.Int64)
    for partition in sorted(chosen.unique().to_list()):
        yield partition, rows.filter(chosen == partition)
