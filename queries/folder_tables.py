"""Ask the tables of a data folder, whoever has them open.

The process that runs on the folder answers over its socket. Where none runs the reader opens the tables itself, and
chdb lets one process in at a time: readers wait for one another and for a run that starts or ends, a run waits for a
reader. A reader has the tables open only as long as its question takes. A whole list is one question: it gives way to a
run that starts, and is asked again of that run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from suyuan.access.scope import Scope
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.eventlog.process_lock import last_taken
from suyuan.queries.api import Queries
from suyuan.queries.open_tables import open_tables
from suyuan.queries.over_socket import client as query_client
from suyuan.queries.questions import Export, Question, Whole
from suyuan.queries.spool import Spool
from suyuan.sinks.errors import FolderInUse

W = TypeVar("W")
A = TypeVar("A")
T = TypeVar("T")

PATIENCE = 120.0
"""seconds that a reader waits for others before it gives up"""
_AGAIN = 0.1
"""seconds between two tries"""


class _GaveWay(FolderInUse):
    """A process starts on the folder, and waits for us."""


class FolderTables(Queries):
    """Asks whoever is there at the time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running = query_client.SocketQueries(folder)

    def answer(self, question: Question[W, A], scope: Scope, wanted: W) -> A:
        """As Queries.answer. Waits for others up to PATIENCE. Raises SuyuanError: UNAVAILABLE where that was too short,
        naming the process that has the tables open.
        """
        return self._patiently(lambda tables: tables.answer(question, scope, wanted))

    def spool(self, export: Export[W, T], scope: Scope, whole: Whole[W], spool: Spool) -> None:
        """As Queries.spool; waits as `answer` does."""

        def ask(tables: Queries) -> None:
            spool.clear()
            tables.spool(export, scope, whole, spool)

        self._patiently(ask)

    def _patiently(self, ask: Callable[[Queries], A]) -> A:
        if not self._folder.is_dir():
            raise SuyuanError(
                f"there is no data folder {self._folder}: publish into it, or name another with --data",
                ErrorKind.CONFIGURATION,
            )
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return self._ask(ask)
            except _GaveWay:
                until = time.monotonic() + PATIENCE
            except FolderInUse as error:
                if time.monotonic() > until:
                    raise SuyuanError(
                        f"{error}, which neither answered nor ended within {PATIENCE:.0f} s: ask again later",
                        ErrorKind.UNAVAILABLE,
                    ) from None
            except query_client.BrokenOff:
                if time.monotonic() > until:
                    raise
            time.sleep(_AGAIN)

    def _ask(self, ask: Callable[[Queries], A]) -> A:
        """Raises FolderInUse, BrokenOff: then it may be asked again."""
        try:
            return ask(self._running)
        except query_client.NotRunningError:
            return self._alone(ask)

    def _alone(self, ask: Callable[[Queries], A]) -> A:
        before = last_taken(self._folder)

        def go_on() -> None:
            if last_taken(self._folder) != before:
                raise _GaveWay(f"{self._folder} is wanted by a process that starts")

        with open_tables(self._folder, go_on) as tables:
            return ask(tables)
