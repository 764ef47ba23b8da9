"""Damage of the tables: parts that do not hold what was written, and those that ClickHouse set aside by itself."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

logger = logging.getLogger(__name__)

_TABLES = """
SELECT DISTINCT table FROM system.parts
WHERE active AND database = currentDatabase() ORDER BY table
"""
_DETACHED = """
SELECT table, name, reason FROM system.detached_parts
WHERE database = currentDatabase() AND (reason LIKE '%broken%' OR reason = 'unexpected') ORDER BY table, name
"""
_ONE_BY_ONE = {"check_query_single_value_result": 0}
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Damage:
    """One damaged part of a table. `part`: empty where it is not known which."""

    table: str
    part: str
    detail: str

    def __str__(self) -> str:
        return (
            f"table {self.table}, part {self.part}: {self.detail}"
            if self.part
            else f"table {self.table}: {self.detail}"
        )


def detached(client: Client) -> list[Damage]:
    """Parts of the client's database that ClickHouse found broken when it opened them. It goes on without their rows,
    and does not say so.
    """
    return [
        Damage(table, name, f"left out when ClickHouse was opened ({reason})")
        for table, name, reason in client.query(_DETACHED).result_rows
    ]


def report_detached(client: Client) -> None:
    """Log at a start which parts are left out."""
    for each in detached(client):
        logger.error("%s; suyuan doctor says what mends it", each)


def damage(client: Client) -> Iterator[Damage]:
    """All damage in the client's database: every part is read and compared with its checksums (`CHECK TABLE`). Raises
    the client's error where a table cannot be checked at all.
    """
    yield from detached(client)
    for (table,) in client.query(_TABLES).result_rows:
        yield from _of_table(client, table)


def _of_table(client: Client, table: str) -> Iterator[Damage]:
    try:
        # not `query`: the client takes the answer for one row
        answer = client.raw_query(f"CHECK TABLE `{table}`", fmt="JSONEachRow", settings=_ONE_BY_ONE)
    except ClickHouseError as error:
        if getattr(error, "code", None) not in _OF_DAMAGE:
            raise
        yield Damage(table, "", _brief(str(error)))
        return
    for line in answer.decode(errors="replace").splitlines():
        row = json.loads(line)
        if str(row["is_passed"]).lower() not in {"1", "true"}:
            yield Damage(table, str(row["part_path"]), _brief(str(row["message"])))


_OF_DAMAGE = frozenset(
    {
        33,  # CANNOT_READ_ALL_DATA
        40,  # CHECKSUM_DOESNT_MATCH
        107,  # FILE_DOESNT_EXIST
        246,  # CORRUPTED_DATA
        271,  # CANNOT_DECOMPRESS
    }
)


def _brief(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
