"""Compaction: of each key of a partition only the last record stays, at its offset.

A pass goes over a partition in slices, so that appends come in between:

1. read the part written since the last pass and note the last offset of each key, of MAX_KEYS keys at most;
2. from the partition's start to where step 1 came (`until`), write batches anew without the records that have
   a later one, and without deletions (null values) that an earlier pass has already gone over and that are older
   than readers may be late; small neighbours become one batch. The newest batch is left alone, so a partition
   never loses its last record: recovery from a changelog waits for it;
3. note `until` as the next pass's beginning.

Each slice is one transaction. After a crash the pass begins again: what is dropped twice is dropped once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from suyuan.eventlog.appending import insert_batch
from suyuan.eventlog.batch import MAX_BATCH_BYTES, MAX_BATCH_RECORDS, encode
from suyuan.eventlog.records import Fetched, Records

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from suyuan.eventlog.batch import Batch
    from suyuan.eventlog.catalog import Partition
    from suyuan.eventlog.storage import Storage

MAX_KEYS = 500_000
MIN_DIRTY_BYTES = 4 << 20
KEEP_DELETIONS_MS = 24 * 3600 * 1000
BATCHES_PER_SLICE = 16


@dataclass(frozen=True, slots=True)
class _Extent:
    """Of a partition: where it begins, where the last pass ended, where the newest batch begins."""

    start: int
    compacted_to: int
    newest: int


def worth_it(log: Storage, partition: Partition) -> bool:
    """Whether at least half of the partition, and not just a little, was written since the last pass."""
    extent = _extent(log, partition)
    if extent is None:
        return False
    with log.reading() as connection:
        stored, dirty = connection.execute(
            "SELECT coalesce(sum(bytes), 0), coalesce(sum(CASE WHEN base_offset >= ?1 THEN bytes END), 0) FROM batches"
            " WHERE partition_id = ?2 AND base_offset < ?3",
            (extent.compacted_to, partition.id, extent.newest),
        ).fetchone()
    return bool(dirty >= MIN_DIRTY_BYTES and dirty * 2 >= stored)


def compact(log: Storage, partition: Partition, now_ms: int, max_keys: int = MAX_KEYS) -> Iterator[int]:
    """One pass; yields after each slice the number of records that it dropped. Raises LogCorrupt at a damaged batch."""
    extent = _extent(log, partition)
    if extent is None:
        return
    latest: dict[bytes | None, int] = {}
    until = extent.compacted_to
    while until < extent.newest and len(latest) < max_keys:
        for stored in _stored(log, partition, until, extent.newest):
            latest.update(zip(stored.records.keys, stored.records.offsets, strict=True))
            until = stored.last + 1
        yield 0
    if until >= extent.newest:
        for stored in _stored(log, partition, extent.newest, extent.newest + 1):
            latest.update(zip(stored.records.keys, stored.records.offsets, strict=True))
    position = extent.start
    while position < until:
        slice_ = _stored(log, partition, position, until)
        if not slice_:
            break
        position = slice_[-1].last + 1
        yield _rewrite(log, partition, slice_, latest, extent.compacted_to, now_ms - KEEP_DELETIONS_MS)
    log.write(
        lambda c: c.execute("UPDATE partitions SET compacted_to = ? WHERE id = ?", (until, partition.id))
    ).result()


@dataclass(frozen=True, slots=True)
class _Stored:
    id: int
    base: int
    last: int
    size: int
    records: Fetched


def _extent(log: Storage, partition: Partition) -> _Extent | None:
    with log.reading() as connection:
        start, compacted_to, newest = connection.execute(
            "SELECT start_offset, compacted_to, (SELECT max(base_offset) FROM batches WHERE partition_id = ?1)"
            " FROM partitions WHERE id = ?1",
            (partition.id,),
        ).fetchone()
    return None if newest is None else _Extent(start, max(start, compacted_to), newest)


def _stored(log: Storage, partition: Partition, position: int, until: int) -> list[_Stored]:
    """The next batches with records in position..until-1, up to the size of a batch."""
    found: list[_Stored] = []
    count = size = 0
    with log.reading() as connection:
        rows = connection.execute(
            "SELECT id, base_offset, last_offset, records FROM batches WHERE partition_id = ? AND base_offset < ?"
            " AND last_offset >= ? ORDER BY base_offset LIMIT ?",
            (partition.id, until, position, BATCHES_PER_SLICE),
        )
        for id_, base, last, blob in rows:
            records = log.decode(partition, base, blob)
            weight = sum(map(len, filter(None, records.keys))) + sum(map(len, filter(None, records.values)))
            if found and (count + len(records) > MAX_BATCH_RECORDS or size + weight > MAX_BATCH_BYTES):
                break
            found.append(_Stored(id_, base, last, weight, records))
            count += len(records)
            size += weight
        rows.close()
    return found


def _rewrite(
    log: Storage,
    partition: Partition,
    slice_: list[_Stored],
    latest: dict[bytes | None, int],
    clean_before: int,
    deletions_before_ms: int,
) -> int:
    records = Fetched.empty()
    for stored in slice_:
        records.extend(stored.records)
    keep = [
        index
        for index, (offset, key, value, timestamp) in enumerate(
            zip(records.offsets, records.keys, records.values, records.timestamps, strict=True)
        )
        if latest.get(key, -1) <= offset
        and not (value is None and offset < clean_before and timestamp < deletions_before_ms)
    ]
    dropped = len(records) - len(keep)
    if not dropped and len(slice_) == 1:
        return 0
    batch: Batch | None = None
    base = slice_[0].base
    if keep:
        base = records.offsets[keep[0]]
        kept = Records(records.keys, records.values, records.timestamps, records.headers).take(keep)
        batch = encode(
            Records(kept.keys, kept.values, kept.timestamps, kept.headers if any(kept.headers or ()) else None),
            [records.offsets[index] - base for index in keep],
        )
    return dropped if log.write(lambda c: _replace(c, partition, slice_, base, batch)).result() else 0


def _replace(
    connection: sqlite3.Connection, partition: Partition, old: list[_Stored], base: int, new: Batch | None
) -> bool:
    """False, and nothing is changed, when retention took some of the old batches meanwhile."""
    ids = [(stored.id,) for stored in old]
    if not all(connection.execute("SELECT 1 FROM batches WHERE id = ?", id_).fetchone() for id_ in ids):
        return False
    connection.executemany("DELETE FROM batches WHERE id = ?", ids)
    if new is not None:
        insert_batch(connection, partition.id, base, new)
    return True
