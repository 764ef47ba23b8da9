"""Checks whether what is stored is what was written: everything is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from suyuan.access.scope import EVERYTHING
from suyuan.errors import SuyuanError
from suyuan.eventlog.damage import damage as log_damage
from suyuan.eventlog.errors import LogError, LogMissing
from suyuan.eventlog.log import Log
from suyuan.operations.checks.finding import Finding
from suyuan.queries.folder_tables import FolderTables
from suyuan.sinks.clickhouse import ClickHouse, ClickHouseSettings
from suyuan.sinks.damage import damage
from suyuan.sinks.definitions import damaged
from suyuan.sinks.errors import SinkError, TablesMissing
from suyuan.streams.state.errors import StateCorruptError, StateError
from suyuan.streams.state.folders import again
from suyuan.streams.state.rocks_store import found_aside, mark_damaged, read_all

_ATTEMPTS = 3
"""at reading a state folder while a process compacts it"""
_SHOWN = 10

_RESTORE = "restore the data folder from a backup"
_MENDED = "end suyuan run, if it runs, and start it again: it mends that from the copy, before the tables are opened"
_ANEW = (
    "restore the data folder from a backup; or, without the history, end suyuan run, move {folder} away, "
    "then suyuan state rebuild, then suyuan run"
)
_ANEW_ON_SERVER = (
    "restore the tables from a backup or another replica; or, without the history, end loader and workers, "
    "DROP DATABASE {database} SYNC, then suyuan state rebuild, then start both"
)


def log(folder: Path) -> Iterator[Finding]:
    """The log of the data folder, from which everything else is made."""
    try:
        with Log.open(folder, role="read") as opened:
            found = list(log_damage(opened))
    except LogMissing:
        return
    except LogError as error:
        yield Finding("log", "failed", f"{error}" if _RESTORE in f"{error}" else f"{error}; {_RESTORE}")
        return
    yield from _said("log", found, f"the log in {folder / 'log'} is damaged", _RESTORE)


def state(folder: Path) -> Iterator[Finding]:
    """The state of each partition. What is damaged is marked, so that the next start rebuilds it."""
    whole = 0
    for path in sorted((folder / "state").rglob("*-state-*.db")):
        try:
            _read_all(path)
            whole += 1
        except StateCorruptError as error:
            mark_damaged(path)
            before = found_aside(path)
            yield Finding("state", "failed", again(error, before) if before else str(error))
        except StateError as error:
            yield Finding("state", "failed", str(error))
    if whole:
        yield Finding("state", "ok", f"{whole} folders read, and as they were written")


def tables(folder: Path) -> Iterator[Finding]:
    """The tables in the data folder; where a process has them open, it reads them itself."""
    path = folder / "clickhouse"
    if not path.is_dir():
        return
    remedy = _ANEW.format(folder=path)
    if wrong := [str(each) for each in damaged(path)]:
        yield from _said("tables", wrong, f"the tables in {path} are damaged", _MENDED)
        return
    try:
        found = FolderTables(folder).damage(EVERYTHING)
    except SuyuanError as error:
        yield Finding("tables", "failed", f"{error}; if their files are damaged: {remedy}")
        return
    yield from _said("tables", found, f"the tables in {path} are damaged", remedy)


def server_tables(where: ClickHouseSettings) -> Iterator[Finding]:
    """The tables on the server that is named; other servers of a cluster have parts of their own."""
    database = where.database
    try:
        with ClickHouse(replace(where, readers=0), make=False) as clickhouse, clickhouse.answering():
            found = list(damage(clickhouse.writer))
    except TablesMissing:
        return
    except SinkError as error:
        yield Finding("tables", "warning", f"not read: {error}")
        return
    what = f"the tables of {database} on {where.place} are damaged"
    yield from _said("tables", found, what, _ANEW_ON_SERVER.format(database=database))


def _read_all(path: Path) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            return read_all(path)
        except StateCorruptError:
            if attempt == _ATTEMPTS - 1:
                raise
    return None


def _said(check: str, found: Iterable[object], what: str, remedy: str) -> Iterator[Finding]:
    lines = [str(each) for each in found]
    if not lines:
        yield Finding(check, "ok", "everything read, and as it was written")
        return
    more = f"; {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    yield Finding(check, "failed", f"{what} ({'; '.join(lines[:_SHOWN])}{more}): {remedy}")
