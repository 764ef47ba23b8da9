"""How far consumer groups have come: the next offset of each, with a text of their own, per partition."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping


def register(connection: sqlite3.Connection, group: str, partition_ids: Iterable[int]) -> None:
    """Make a group known on partitions: what it has not committed is then kept for it."""
    connection.executemany(
        "INSERT INTO group_offsets (group_name, partition_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(group, partition_id) for partition_id in partition_ids],
    )


def commit(connection: sqlite3.Connection, group: str, offsets: Mapping[int, tuple[int, str]]) -> None:
    """Set next offset and metadata by partition id."""
    connection.executemany(
        "INSERT INTO group_offsets (group_name, partition_id, next_offset, metadata) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset, metadata = excluded.metadata",
        [(group, partition_id, offset, metadata) for partition_id, (offset, metadata) in offsets.items()],
    )


def committed(connection: sqlite3.Connection, group: str, partition_id: int) -> tuple[int | None, str]:
    """Next offset (None: nothing committed) and metadata."""
    row = connection.execute(
        "SELECT next_offset, metadata FROM group_offsets WHERE group_name = ? AND partition_id = ?",
        (group, partition_id),
    ).fetchone()
    return (None, "") if row is None else (row[0], row[1])


def committed_offsets(connection: sqlite3.Connection, group: str) -> dict[tuple[str, int], tuple[int | None, str]]:
    """Next offset and metadata of every partition that the group is known on."""
    rows = connection.execute(
        "SELECT t.name, p.partition, g.next_offset, g.metadata FROM group_offsets g"
        " JOIN partitions p ON p.id = g.partition_id JOIN topics t ON t.id = p.topic_id WHERE g.group_name = ?",
        (group,),
    )
    return {(topic, partition): (offset, metadata) for topic, partition, offset, metadata in rows}


def lag(connection: sqlite3.Connection, group: str) -> dict[tuple[str, int], int]:
    """Records that the group has not committed yet, by topic and partition."""
    rows = connection.execute(
        "SELECT t.name, p.partition, p.end_offset - max(p.start_offset, coalesce(g.next_offset, 0))"
        " FROM group_offsets g JOIN partitions p ON p.id = g.partition_id JOIN topics t ON t.id = p.topic_id"
        " WHERE g.group_name = ?",
        (group,),
    )
    return {(topic, partition): max(0, behind) for topic, partition, behind in rows}


def forget(connection: sqlite3.Connection, group: str, partition_ids: Iterable[int] | None = None) -> None:
    """Remove a group that will not come back, of all partitions or of some; nothing is kept for it any longer."""
    if partition_ids is None:
        connection.execute("DELETE FROM group_offsets WHERE group_name = ?", (group,))
        return
    connection.executemany(
        "DELETE FROM group_offsets WHERE group_name = ? AND partition_id = ?", [(group, each) for each in partition_ids]
    )
