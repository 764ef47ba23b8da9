"""What a stage returns, as messages for the log: rows split by partition, one block each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from suyuan.domain.keys import partition_of
from suyuan.schemas.blocks import block_schema, encode_block
from suyuan.schemas.topics import topic
from suyuan.streams.stage import Output

MAX_BLOCK_ROWS = 16_384


@dataclass(frozen=True, slots=True)
class OutputMessage:
    """One message for a topic's partition: `value` is the block of `rows`."""

    topic: str
    partition: int
    value: bytes
    rows: pl.DataFrame


def encode_outputs(outputs: Iterable[Output], own_partition: int, partitions: int) -> Iterator[OutputMessage]:
    """The messages of the outputs, in their order within each partition, of MAX_BLOCK_ROWS rows at most. Columns that
    the topic's block schema does not have are left out (`partition`, a `key` column). `own_partition`: where rows go
    whose output names neither a key nor a partition.
    """
    for output in outputs:
        name = topic(output.topic).schema
        columns = list(block_schema(name))
        for partition, rows in _split(output, own_partition, partitions):
            for block in rows[columns].iter_slices(MAX_BLOCK_ROWS):
                yield OutputMessage(output.topic, partition, encode_block(name, block), block)


def _split(output: Output, own_partition: int, partitions: int) -> Iterator[tuple[int, pl.DataFrame]]:
    rows = output.rows
    if rows.is_empty():
        return
    if "partition" in rows.columns:
        chosen = rows["partition"]
    elif output.key is None or partitions == 1:
        yield (own_partition if output.key is None else 0), rows
        return
    else:
        texts = rows[output.key].fill_null("").to_list()
        chosen = pl.Series([partition_of(text, partitions) for text in texts], dtype=pl.Int64)
    for partition in sorted(chosen.unique().to_list()):
        yield partition, rows.filter(chosen == partition)
