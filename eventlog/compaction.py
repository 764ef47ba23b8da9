"""Compaction: of each key of a partition only the last record stays, at its offset.

A pass goes over a partition in slices, so that appends come in between:

1. read the part written since the last pass and note the last offset of each key, of MAX_KEYS keys at most;
2. from the partition's start to where step 1 came (`until`), write batches anew without the records that have
   a later one, and without deletions (null values) that an earlier pass has already gone over and that are older
   than readers may be late; small neighbours become one batch. The newest batch is left alone, so a partition
   never loses its last record: recovery from a changelog waits for it. A batch of which less than FEW would go is
   left as it is, or each would be written anew for the marks that every commit writes; but a record whose key was
   deleted always goes, since one that outlived the deletion would be the key's last again. A thorough pass begins
   anew and leaves none of them: it is made where what was said before is to be forgotten;
3. note `until` as the next pass's beginning.

Each slice is one transaction. After a crash the pass begins again: what is dropped twice is dropped once.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np

from suyuan.eventlog.appending import insert_batch
from suyuan.eventlog.batch import MAX_BATCH_BYTES, MAX_BATCH_RECORDS, encode
from suyuan.eventlog.records import Fetched, Records

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    import numpy.typing as npt

    from suyuan.eventlog.batch import Batch, Columns, Ints
    from suyuan.eventlog.catalog import Partition
    from suyuan.eventlog.storage import Storage

MAX_KEYS = 500_000
MIN_DIRTY_BYTES = 4 << 20
KEEP_DELETIONS_MS = 24 * 3600 * 1000
BATCHES_PER_SLICE = 16
FEW = 0.001
"""of a batch's records, at a pass: a pass follows when as much was written as there is"""


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


def compact(
    log: Storage, partition: Partition, now_ms: int, max_keys: int = MAX_KEYS, *, thorough: bool = False
) -> Iterator[int]:
    """One pass; yields after each slice the number of records that it dropped. Raises LogCorrupt at a damaged batch.
    `thorough`: every record goes that has a later one, however few they are; it takes the memory of all keys.
    """
    extent = _extent(log, partition)
    if extent is None:
        return
    latest = _Latest()
    until = extent.start if thorough else extent.compacted_to
    for stored in _batches(log, partition, until, extent.newest):
        latest.note(stored.columns)
        until = stored.last + 1
        yield 0
        if len(latest.offsets) >= max_keys and not thorough:
            break
    else:
        until = extent.newest
        for stored in _batches(log, partition, until, until + 1):
            latest.note(stored.columns)
    for slice_ in _slices(_batches(log, partition, extent.start, until)):
        yield _rewrite(
            log, partition, slice_, latest, extent.compacted_to, now_ms - KEEP_DELETIONS_MS, 0 if thorough else FEW
        )
    log.write(
        lambda c: c.execute("UPDATE partitions SET compacted_to = ? WHERE id = ?", (until, partition.id))
    ).result()


@dataclass(frozen=True, slots=True)
class _Stored:
    id: int
    base: int
    last: int
    columns: Columns


class _Latest:
    """Of the keys in the part that was written since the last pass the last record's offset, and which are deleted."""

    def __init__(self) -> None:
        self.offsets: dict[bytes | None, int] = {}
        self.deleted: set[bytes | None] = set()

    def note(self, columns: Columns) -> None:
        """Take the next batch's records over."""
        keys = columns.keys()
        self.offsets.update(zip(keys, columns.offsets.tolist(), strict=True))
        if bool((columns.value_lengths < 0).any()):
            for key, length in zip(keys, columns.value_lengths.tolist(), strict=True):
                (self.deleted.add if length < 0 else self.deleted.discard)(key)
        elif self.deleted:
            self.deleted.difference_update(keys)

    def superseded(self, keys: list[bytes | None], offsets: Ints) -> npt.NDArray[np.bool_]:
        """Which of these records have a later one."""
        return np.fromiter(map(self.offsets.get, keys, repeat(-1)), np.int64, len(keys)) > offsets


def _extent(log: Storage, partition: Partition) -> _Extent | None:
    with log.reading() as connection:
        start, compacted_to, newest = connection.execute(
            "SELECT start_offset, compacted_to, (SELECT max(base_offset) FROM batches WHERE partition_id = ?1)"
            " FROM partitions WHERE id = ?1",
            (partition.id,),
        ).fetchone()
    return None if newest is None else _Extent(start, max(start, compacted_to), newest)


def _batches(log: Storage, partition: Partition, position: int, until: int) -> Iterator[_Stored]:
    """The batches with records in position..until-1, each read when it is asked for."""
    while True:
        with log.reading() as connection:
            found = connection.execute(
                "SELECT id, base_offset, last_offset, records FROM batches"
                " WHERE partition_id = ?1 AND last_offset >= ?2 AND base_offset < ?3 AND base_offset >="
                " (SELECT coalesce(max(base_offset), 0) FROM batches WHERE partition_id = ?1 AND base_offset <= ?2)"
                " ORDER BY base_offset LIMIT 1",
                (partition.id, position, until),
            ).fetchone()
        if found is None:
            return
        id_, base, last, blob = found
        yield _Stored(id_, base, last, log.unpack(partition, base, blob))
        position = last + 1


def _slices(batches: Iterator[_Stored]) -> Iterator[list[_Stored]]:
    """Neighbours that are one batch together."""
    slice_: list[_Stored] = []
    count = size = 0
    for stored in batches:
        weight = int(stored.columns.sizes().sum())
        count, size = count + len(stored.columns), size + weight
        full = count > MAX_BATCH_RECORDS or size > MAX_BATCH_BYTES or len(slice_) == BATCHES_PER_SLICE
        if slice_ and full:
            yield slice_
            slice_, count, size = [], len(stored.columns), weight
        slice_.append(stored)
    if slice_:
        yield slice_


def _rewrite(
    log: Storage,
    partition: Partition,
    slice_: list[_Stored],
    latest: _Latest,
    clean_before: int,
    deletions_before_ms: int,
    share: float,
) -> int:
    """`share`: of the records, up to which they are few."""
    dead = [_dead(stored.columns, latest, clean_before, deletions_before_ms) for stored in slice_]
    dropped = sum(int(each.sum()) for each, _ in dead)
    few = dropped <= share * sum(len(stored.columns) for stored in slice_)
    if len(slice_) == 1 and few and not any(must for _, must in dead):
        return 0
    records, keep = Fetched.empty(), np.flatnonzero(~np.concatenate([each for each, _ in dead])).tolist()
    for stored in slice_:
        records.extend(stored.columns.records(0, len(stored.columns)))
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


def _dead(
    columns: Columns, latest: _Latest, clean_before: int, deletions_before_ms: int
) -> tuple[npt.NDArray[np.bool_], bool]:
    """Which records go, and whether they must."""
    keys = columns.keys()
    superseded = latest.superseded(keys, columns.offsets)
    must = bool(latest.deleted) and any(keys[index] in latest.deleted for index in np.flatnonzero(superseded))
    done = (columns.value_lengths < 0) & (columns.offsets < clean_before) & (columns.timestamps < deletions_before_ms)
    return superseded | done, must


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
