"""Deleting the oldest batches of a partition: too old, too many, or read by everyone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from suyuan.eventlog.catalog import Partition, TopicConfig
    from suyuan.eventlog.storage import Storage

BATCHES_PER_SLICE = 32


def delete_before(connection: sqlite3.Connection, partition_id: int, offset: int, at_most: int | None = None) -> int:
    """Make `offset` the partition's start and delete what lies wholly before it, at most so many batches.

    Returns how many were deleted.
    """
    connection.execute(
        "UPDATE partitions SET start_offset = max(start_offset, min(?, end_offset)) WHERE id = ?",
        (offset, partition_id),
    )
    return connection.execute(
        "DELETE FROM batches WHERE id IN (SELECT id FROM batches WHERE partition_id = ?1 AND base_offset < ?2"
        " AND last_offset < ?2 ORDER BY base_offset LIMIT ?3)",
        (partition_id, offset, -1 if at_most is None else at_most),
    ).rowcount


def expire(log: Storage, partition: Partition, config: TopicConfig, now_ms: int) -> Iterator[int]:
    """Delete what the topic's configuration no longer keeps, slice by slice; yields the batches deleted by each."""
    while True:
        limit = _first_kept(log, partition, config, now_ms)
        if limit is None:
            return
        deleted = log.write(
            partial(delete_before, partition_id=partition.id, offset=limit, at_most=BATCHES_PER_SLICE)
        ).result()
        if not deleted:
            return
        yield deleted


def _first_kept(log: Storage, partition: Partition, config: TopicConfig, now_ms: int) -> int | None:
    """The offset below which a slice of batches may go; None when all are to be kept."""
    with log.reading() as connection:
        oldest = connection.execute(
            "SELECT last_offset, last_timestamp, bytes FROM batches WHERE partition_id = ?"
            " ORDER BY base_offset LIMIT ?",
            (partition.id, BATCHES_PER_SLICE),
        ).fetchall()
        if not oldest:
            return None
        excess = 0
        if config.retention_bytes is not None:
            (stored,) = connection.execute(
                "SELECT sum(bytes) FROM batches WHERE partition_id = ?", (partition.id,)
            ).fetchone()
            excess = stored - config.retention_bytes
        consumed = None
        if config.delete_consumed_after_ms is not None:
            (consumed,) = connection.execute(
                "SELECT CASE WHEN count(*) = count(next_offset) THEN min(next_offset) END FROM group_offsets"
                " WHERE partition_id = ?",
                (partition.id,),
            ).fetchone()
    kept = None
    for last_offset, last_timestamp, size in oldest:
        aged = config.retention_ms is not None and last_timestamp < now_ms - config.retention_ms
        read = (
            consumed is not None
            and config.delete_consumed_after_ms is not None
            and last_offset < consumed
            and last_timestamp < now_ms - config.delete_consumed_after_ms
        )
        if not (aged or read or excess > 0):
            break
        excess -= size
        kept = last_offset + 1
    return kept
