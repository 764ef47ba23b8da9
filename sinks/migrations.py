"""The database's schema: numbered SQL files, each applied once, in order, and remembered with its checksum.

A file that has been released never changes; a new one follows it. Statements can be repeated (IF NOT EXISTS, OR
REPLACE), because a process can die between a file's last statement and its record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from string import Template

from clickhouse_connect.driver.client import Client

from suyuan.sinks.cluster_tables import CLUSTER_PLACEHOLDERS, WHOLE_CLUSTER, on_cluster, whole_table
from suyuan.sinks.errors import MigrationError

FOLDER = Path(__file__).with_name("sql")
PLACEHOLDERS = {
    "replacing": "ReplacingMergeTree",
    "replacing_version": "ReplacingMergeTree(version)",
    "settings": (
        "non_replicated_deduplication_window = 1000, "
        "fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1"
    ),
}
"""What a single machine fills in; for a cluster: `cluster_tables`. Rows are on the disk before the loader
acknowledges them: after a power cut the log may be behind the tables, which repeats mend, but not the other way.
"""

_RECORD = """
CREATE TABLE IF NOT EXISTS migration (
    number UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = ${replacing} ORDER BY number
"""

_REMEMBER = """
INSERT INTO migration (number, name, checksum) VALUES ({number:UInt32}, {name:String}, {checksum:String})
"""

_LONG = {
    "send_progress_in_http_headers": 1,
    "http_headers_progress_interval_ms": 20_000,
    "max_threads": 1,
    "max_block_size": 8_192,
    "min_insert_block_size_rows": 65_536,
    "min_insert_block_size_bytes": 16 << 20,
}
"""of what may take minutes where there are many rows: a server that works is not taken for one that is silent, and the
embedded one keeps within its memory
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file. `text` as written, with its placeholders; the checksum is of that."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, hex."""
        return sha256(self.text.encode()).hexdigest()

    def statements(self, placeholders: Mapping[str, str]) -> list[str]:
        """Its statements in order, placeholders filled in."""
        text = re.sub(r"^\s*--.*\n", "", self.text, flags=re.MULTILINE)
        return [Template(part).substitute(placeholders) for part in text.split(";\n") if part.strip()]


def migrations(folder: Path = FOLDER) -> list[Migration]:
    """The migrations of a folder by number. Raises MigrationError when numbers are not 1, 2, 3 and so on."""
    found = [
        Migration(int(path.name[:4]), path.stem[5:], path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("[0-9][0-9][0-9][0-9]_*.sql"))
    ]
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise MigrationError(f"the numbers of the migrations in {folder} have gaps or repeats")
    return found


def migrate(
    client: Client,
    known: Iterable[Migration] | None = None,
    placeholders: Mapping[str, str] | None = None,
    cluster: str = "",
) -> list[int]:
    """Bring the client's database to this version. Returns the numbers applied now. `cluster`: on all servers of that
    cluster. `placeholders`: others than PLACEHOLDERS, or CLUSTER_PLACEHOLDERS.

    Raises MigrationError, with nothing touched, for a database of a newer version or an old migration that differs.
    """
    known = migrations() if known is None else list(known)
    applied = _applied(client)
    _refuse_strangers(applied, {migration.number: migration for migration in known}, str(client.database))
    todo = [migration for migration in known if migration.number not in applied]
    if not todo:
        return []
    placeholders = placeholders or (CLUSTER_PLACEHOLDERS if cluster else PLACEHOLDERS)
    for statement in _record(placeholders, cluster, str(client.database)):
        client.command(statement)
    for migration in todo:
        for statement in migration.statements(placeholders):
            for each in on_cluster(statement, cluster, str(client.database)) if cluster else [statement]:
                client.command(each, settings=_LONG if each.lstrip().startswith("INSERT") else None)
        client.command(  # not insert(): it loads pandas, half a second of every first start
            _REMEMBER,
            parameters={"number": migration.number, "name": migration.name, "checksum": migration.checksum},
            settings={"insert_deduplication_token": f"migration:{migration.number}:{migration.checksum}"},
        )
    return [migration.number for migration in todo]


def _record(placeholders: Mapping[str, str], cluster: str, database: str) -> list[str]:
    if not cluster:
        return [Template(_RECORD).substitute(placeholders)]
    return [whole_table(Template(_RECORD).substitute(replacing=WHOLE_CLUSTER), cluster, database)]


def pending(client: Client, known: Iterable[Migration] | None = None) -> list[int]:
    """The numbers that `migrate` would apply; nothing is changed. Raises MigrationError as it does."""
    known = migrations() if known is None else list(known)
    applied = _applied(client)
    _refuse_strangers(applied, {migration.number: migration for migration in known}, str(client.database))
    return [migration.number for migration in known if migration.number not in applied]


def _applied(client: Client) -> dict[int, str]:
    if not client.query("EXISTS TABLE migration").result_rows[0][0]:
        return {}
    return dict(client.query("SELECT number, checksum FROM migration FINAL ORDER BY number").result_rows)


def _refuse_strangers(applied: Mapping[int, str], known: Mapping[int, Migration], database: str) -> None:
    newer = [number for number in applied if number not in known]
    if newer:
        raise MigrationError(
            f"database {database} is of a newer version: it has migration {max(newer)}, this version knows "
            f"{max(known, default=0)}. Use the version that wrote it, or a later one."
        )
    for number, checksum in applied.items():
        if known[number].checksum != checksum:
            name = known[number].name
            raise MigrationError(
                f"migration {number} ({name}) is not the one that database {database} was made with. A former version "
                "made it: docs/how-to/move-to-a-new-version.md says how to make everything anew in another one"
            )
