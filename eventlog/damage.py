"""Damage of the log: pages and indexes that SQLite finds wrong, batches that are not what was written, and counts that
contradict them.
"""

from __future__ import annotations

import sqlite3
import zlib
from typing import TYPE_CHECKING

from suyuan.eventlog.batch import BatchDamaged, extent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suyuan.eventlog.log import Log

SHOWN = 5
"""findings of one kind; the rest are many of the same"""

_BATCHES = (
    "SELECT t.name, p.partition, b.base_offset, b.last_offset, b.count, b.first_timestamp, b.last_timestamp, b.bytes,"
    " b.records FROM batches b LEFT JOIN partitions p ON p.id = b.partition_id LEFT JOIN topics t ON t.id = p.topic_id"
)
_ENDS = (
    "SELECT t.name, p.partition, t.compacted, p.start_offset, p.end_offset, min(b.base_offset), max(b.last_offset),"
    " sum(b.count)"
    " FROM partitions p LEFT JOIN topics t ON t.id = p.topic_id LEFT JOIN batches b ON b.partition_id = p.id"
    " GROUP BY p.id ORDER BY p.id"
)
_OFFSETS = (
    "SELECT g.group_name, t.name, p.partition, g.next_offset, p.end_offset FROM group_offsets g"
    " LEFT JOIN partitions p ON p.id = g.partition_id LEFT JOIN topics t ON t.id = p.topic_id"
    " WHERE p.id IS NULL OR g.next_offset > p.end_offset"
)


def damage(log: Log) -> Iterator[str]:
    """Read all of the log, beside its writers; one line for each thing that is wrong. Raises LogError for what is no
    damage.
    """
    for found in (_pages, _batches, _ends, _offsets, _ids):
        with log.reading() as connection:
            try:
                yield from found(connection)
            except sqlite3.DatabaseError as error:
                if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
                    raise
                yield str(error)
            except (TypeError, OverflowError) as error:  # a column that holds another type than it was given
                yield f"a row holds what was never written ({error})"


def _pages(connection: sqlite3.Connection) -> Iterator[str]:
    for (line,) in connection.execute(f"PRAGMA integrity_check({SHOWN})"):
        if line != "ok":
            yield " ".join(line.removeprefix("*** in database main ***\n").split())


def _batches(connection: sqlite3.Connection) -> Iterator[str]:
    left = SHOWN
    for topic, partition, base, last, count, first_ms, last_ms, size, records in connection.execute(_BATCHES):
        try:
            found = extent(records)
        except BatchDamaged as error:
            said = str(error)
        else:
            said = "" if (count, last - base, first_ms, last_ms) == found and size == len(records) else "miscounted"
        if said or topic is None:
            where = f"topic {topic}, partition {partition}"
            yield f"{where}: the batch at offset {base} is damaged ({said or 'it is of no topic'})"
            left -= 1
            if not left:
                return


def _ends(connection: sqlite3.Connection) -> Iterator[str]:
    for topic, partition, compacted, start, end, first, last, records in connection.execute(_ENDS):
        where = f"topic {topic}, partition {partition}"
        if not 0 <= start <= end:
            yield f"{where} goes from offset {start} to {end}"
        elif last is None:
            if start < end and not compacted:
                yield f"{where} goes from offset {start} to {end} and holds nothing"
        elif last >= end or (last + 1 < end and not compacted):
            yield f"{where} ends at offset {end}, its last batch at {last + 1}"
        elif not compacted and (first > start or records != last - first + 1):
            yield f"{where} holds {records} of the records from offset {start} to {end}"


def _ids(connection: sqlite3.Connection) -> Iterator[str]:
    ((count, total),) = connection.execute("SELECT ids, crc32s FROM published_sum").fetchall() or [(None, None)]
    found = crc32s = 0
    for (id_,) in connection.execute("SELECT id FROM published_ids"):
        found += 1
        crc32s += zlib.crc32(id_)
    if (found, crc32s) != (count, total):
        yield (
            f"the ids of published events are not those that were written ({found} of {count}): an event that comes "
            "again may be taken twice; suyuan log export, published into a new folder, makes them anew"
        )


def _offsets(connection: sqlite3.Connection) -> Iterator[str]:
    for group, topic, partition, offset, end in connection.execute(_OFFSETS):
        yield f"group {group} is at offset {offset} of topic {topic}, partition {partition}, which ends at {end}"
