"""Topics and partitions of the log, by name. They are never removed, so what was read once stays true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from suyuan.eventlog.errors import TopicMismatch, UnknownTopic

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from contextlib import AbstractContextManager


@dataclass(frozen=True, slots=True)
class TopicConfig:
    """What a topic keeps. `compacted`: the last value of each key; a null value deletes the key.

    `retention_ms`, `retention_bytes`: older records, and the oldest beyond so many stored bytes per partition, go.
    `delete_consumed_after_ms`: records that every registered group has committed go when they are older than that.
    """

    compacted: bool = False
    retention_ms: int | None = None
    retention_bytes: int | None = None
    delete_consumed_after_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition: `id` is its row in the file."""

    id: int
    topic: str
    number: int
    compacted: bool


def insert_topic(connection: sqlite3.Connection, name: str, partitions: int, config: TopicConfig | None) -> None:
    """Make a topic, or bring the configuration of an existing one up to date. Raises TopicMismatch."""
    row = connection.execute("SELECT id, partitions FROM topics WHERE name = ?", (name,)).fetchone()
    if row is not None and row[1] != partitions:
        raise TopicMismatch(
            f"topic {name} has {row[1]} partitions, {partitions} were asked for: the count of a log never changes, "
            f"use {row[1]} or another folder"
        )
    if row is None:
        topic_id = connection.execute(
            "INSERT INTO topics (name, partitions, compacted) VALUES (?, ?, 0)", (name, partitions)
        ).lastrowid
        connection.executemany(
            "INSERT INTO partitions (topic_id, partition) VALUES (?, ?)",
            [(topic_id, n) for n in range(partitions)],
        )
    if config is not None:
        connection.execute(
            "UPDATE topics SET compacted = ?, retention_ms = ?, retention_bytes = ?, delete_consumed_after_ms = ?"
            " WHERE name = ?",
            (
                config.compacted,
                config.retention_ms,
                config.retention_bytes,
                config.delete_consumed_after_ms,
                name,
            ),
        )


class Catalog:
    """Names to partitions, read from the file when a name is not known yet."""

    def __init__(self, reading: Callable[[], AbstractContextManager[sqlite3.Connection]]) -> None:
        self._reading = reading
        self._partitions: dict[tuple[str, int], Partition] = {}
        self._counts: dict[str, int] = {}

    def refresh(self) -> None:
        """Read all names."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT p.id, t.name, p.partition, t.compacted FROM partitions p JOIN topics t ON t.id = p.topic_id"
            ).fetchall()
        partitions = {
            (name, number): Partition(id_, name, number, bool(compacted)) for id_, name, number, compacted in rows
        }
        counts: dict[str, int] = {}
        for name, _ in partitions:
            counts[name] = counts.get(name, 0) + 1
        self._partitions, self._counts = partitions, counts

    def partition(self, topic: str, number: int) -> Partition:
        """One partition. Raises UnknownTopic."""
        found = self._partitions.get((topic, number))
        if found is None:
            self.refresh()
            found = self._partitions.get((topic, number))
        if found is None:
            raise UnknownTopic(
                f"topic {topic} has {self._counts[topic]} partitions, no partition {number}"
                if topic in self._counts
                else f"there is no topic {topic}"
            )
        return found

    def count(self, topic: str) -> int:
        """Number of partitions. Raises UnknownTopic."""
        if topic not in self._counts:
            self.refresh()
        if topic not in self._counts:
            raise UnknownTopic(f"there is no topic {topic}")
        return self._counts[topic]

    def all(self) -> list[Partition]:
        """Every partition there is now."""
        self.refresh()
        return list(self._partitions.values())
