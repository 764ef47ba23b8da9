"""Appending inside the writer's transaction: offsets are read there, because other processes append too."""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suyuan.eventlog.batch import Batch, encode, split

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from suyuan.eventlog.catalog import Partition
    from suyuan.eventlog.records import Records

IDS_PER_STATEMENT = 500
NAME_BYTES = 8
"""of an id of 16: what they tell of is the same event, saying something else"""
_LAST = b"\xff" * (16 - NAME_BYTES)


@dataclass(frozen=True, slots=True)
class Appended:
    """Where records of one partition were appended: `base_offset`..`last_offset`, without a hole; the last is below the
    base when none was taken. `taken`: for each record given with an id, whether it was new; None: no ids were given.
    `reused`: how many of the new ones share the first NAME_BYTES of their id with another that was there or came with
    them.
    """

    base_offset: int
    last_offset: int
    taken: list[bool] | None = None
    reused: int = 0


@dataclass(slots=True)
class Prepared:
    """Records for a partition, already encoded as if all of them were new."""

    partition: Partition
    records: Records
    batches: list[Batch]
    ids: Sequence[bytes] | None


def append(connection: sqlite3.Connection, prepared: Prepared) -> Appended:
    """Append within the transaction that is open."""
    taken, reused, batches = None, 0, prepared.batches
    if prepared.ids is not None:
        taken = claim(connection, prepared.ids)
        reused = _reused(connection, [id_ for id_, is_new in zip(prepared.ids, taken, strict=True) if is_new])
        if not all(taken):
            new = prepared.records.take([i for i, is_new in enumerate(taken) if is_new])
            batches = [encode(portion) for portion in split(new)]
    partition_id = prepared.partition.id
    (base,) = connection.execute("SELECT end_offset FROM partitions WHERE id = ?", (partition_id,)).fetchone()
    offset = base
    for batch in batches:
        insert_batch(connection, partition_id, offset, batch)
        offset += batch.count
    if offset > base:
        connection.execute("UPDATE partitions SET end_offset = ? WHERE id = ?", (offset, partition_id))
    return Appended(base, offset - 1, taken, reused)


def insert_batch(connection: sqlite3.Connection, partition_id: int, base_offset: int, batch: Batch) -> None:
    """Store a batch at its base offset."""
    connection.execute(
        "INSERT INTO batches (partition_id, base_offset, last_offset, count, first_timestamp, last_timestamp,"
        " bytes, records) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            partition_id,
            base_offset,
            base_offset + batch.last,
            batch.count,
            batch.first_timestamp,
            batch.last_timestamp,
            len(batch.blob),
            batch.blob,
        ),
    )


def claim(connection: sqlite3.Connection, ids: Sequence[bytes]) -> list[bool]:
    """Note the ids. Returns which were new; of equal ones the first."""
    first: dict[bytes, int] = {}
    for index, id_ in enumerate(ids):
        first.setdefault(id_, index)
    taken = [False] * len(ids)
    ordered = sorted(first)
    for start in range(0, len(ordered), IDS_PER_STATEMENT):
        portion = ordered[start : start + IDS_PER_STATEMENT]
        places = ",".join(["(?)"] * len(portion))
        for (id_,) in connection.execute(
            f"INSERT INTO published_ids (id) VALUES {places} ON CONFLICT DO NOTHING RETURNING id",  # noqa: S608 - only the number of places varies
            portion,
        ):
            taken[first[id_]] = True
    new = [zlib.crc32(id_) for id_, is_new in zip(ids, taken, strict=True) if is_new]
    if new:
        connection.execute("UPDATE published_sum SET ids = ids + ?, crc32s = crc32s + ?", (len(new), sum(new)))
    return taken


def _reused(connection: sqlite3.Connection, new: Sequence[bytes]) -> int:
    """How many of these ids, which are noted by now, came after another that begins as they do."""
    named = Counter(id_[:NAME_BYTES] for id_ in new)
    beside = "SELECT count(*) FROM (SELECT 1 FROM published_ids WHERE id BETWEEN ? AND ? LIMIT ?)"
    return sum(
        count - (connection.execute(beside, (name, name + _LAST, count + 1)).fetchone()[0] <= count)
        for name, count in named.items()
    )
