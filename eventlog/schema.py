"""The tables of the log, and connections to them."""

from __future__ import annotations

import os
import secrets
import sqlite3
from typing import TYPE_CHECKING, Literal

from suyuan.eventlog.errors import LogCorrupt, LogFormer, LogMissing, LogNewer, translated

if TYPE_CHECKING:
    from pathlib import Path

Fsync = Literal["always", "interval", "never"]
"""What a power cut spares: every acknowledged append · those older than a second · nothing for certain. A crash of the
process alone loses nothing acknowledged under any of them.
"""

FORMAT_VERSION = 2
"""1: events lie in partitions by other business keys, and ids of events do not tell what they say"""
BUSY_SECONDS = 30.0
PAGE_BYTES = 8192
CHECKPOINT_BYTES = 32 << 20

_TABLES = """
CREATE TABLE format (version INTEGER NOT NULL);
CREATE TABLE topics (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, partitions INTEGER NOT NULL, compacted INTEGER NOT NULL,
  retention_ms INTEGER, retention_bytes INTEGER, delete_consumed_after_ms INTEGER);
CREATE TABLE partitions (
  id INTEGER PRIMARY KEY, topic_id INTEGER NOT NULL, partition INTEGER NOT NULL,
  start_offset INTEGER NOT NULL DEFAULT 0, end_offset INTEGER NOT NULL DEFAULT 0,
  compacted_to INTEGER NOT NULL DEFAULT 0, UNIQUE (topic_id, partition));
CREATE TABLE batches (
  id INTEGER PRIMARY KEY, partition_id INTEGER NOT NULL, base_offset INTEGER NOT NULL, last_offset INTEGER NOT NULL,
  count INTEGER NOT NULL, first_timestamp INTEGER NOT NULL, last_timestamp INTEGER NOT NULL,
  bytes INTEGER NOT NULL, records BLOB NOT NULL);
CREATE UNIQUE INDEX batches_by_offset
  ON batches (partition_id, base_offset, last_offset, count, last_timestamp, bytes);
CREATE TABLE group_offsets (
  group_name TEXT NOT NULL, partition_id INTEGER NOT NULL, next_offset INTEGER, metadata TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (group_name, partition_id)) WITHOUT ROWID;
CREATE TABLE published_ids (id BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE published_sum (ids INTEGER NOT NULL, crc32s INTEGER NOT NULL);
INSERT INTO published_sum VALUES (0, 0)
"""
"""published_sum: how many ids there are, and the sum of their CRC-32s: ids that are not what was written are seen"""


def open_writer(path: Path, fsync: Fsync) -> sqlite3.Connection:
    """The connection of the writer thread; makes the log where there is none."""
    with translated(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        with translated(path.parent):
            if _has_tables(connection):  # what is refused is left as it is
                _check_version(connection, path)
            connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(
                f"PRAGMA synchronous={ {'always': 'FULL', 'interval': 'NORMAL', 'never': 'OFF'}[fsync] }"
            )
            connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_BYTES // PAGE_BYTES}")
            connection.execute(f"PRAGMA journal_size_limit={2 * CHECKPOINT_BYTES}")
            connection.execute("PRAGMA cache_size=-32000")
            connection.execute("BEGIN IMMEDIATE")
            if not _has_tables(connection):
                for statement in _TABLES.split(";"):
                    connection.execute(statement)
                connection.execute("INSERT INTO format VALUES (?)", (FORMAT_VERSION,))
            if not connection.execute("PRAGMA user_version").fetchone()[0]:
                connection.execute(f"PRAGMA user_version={1 + secrets.randbelow(2**31 - 1)}")  # tells it from others
            _check_version(connection, path)
            connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path, *, former: bool = False) -> sqlite3.Connection:
    """A connection that cannot write. Raises LogMissing where there is no log. `former`: also of a former version."""
    if not path.exists():
        raise LogMissing(f"there is no log in {path.parent}")
    # SQLite shares its index of the write-ahead log through a file beside it. Where that cannot be made, and there
    # is no write-ahead log, nobody can be writing.
    still = not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()
    uri = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if still else ''}"
    with translated(path.parent):
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        with translated(path.parent):
            connection.execute("PRAGMA query_only=1")
            _check_version(connection, path, former=former)
    except BaseException:
        connection.close()
        raise
    return connection


def _has_tables(connection: sqlite3.Connection) -> bool:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    return "format" in tables


def _check_version(connection: sqlite3.Connection, path: Path, *, former: bool = False) -> None:
    if not _has_tables(connection):
        raise LogMissing(f"there is no log in {path.parent}")
    row = connection.execute("SELECT max(version) FROM format").fetchone()
    if row[0] is None:
        raise LogCorrupt(f"the log in {path.parent} says no format version")
    if row[0] > FORMAT_VERSION:
        raise LogNewer(
            f"the log in {path.parent} was made by a newer version of suyuan (format {row[0]}, this one reads up to "
            f"{FORMAT_VERSION}): upgrade suyuan, or use another folder"
        )
    if row[0] < FORMAT_VERSION and not former:
        raise LogFormer(
            f"the log in {path.parent} was made by a former version of suyuan (format {row[0]}, this one reads "
            f"{FORMAT_VERSION}): its events lie by other business keys. Nothing was touched. `suyuan log export --data "
            f"{path.parent.parent} --out events.jsonl` writes all of them, and `suyuan publish events.jsonl` with "
            "another --data makes everything anew (docs/how-to/move-to-a-new-version.md)"
        )
