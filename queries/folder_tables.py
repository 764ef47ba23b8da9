"""Ask the tables of a data folder, whoever has them open.

The process that runs on the folder answers over its socket. Where none runs the reader opens the tables itself, and
chdb lets one process in at a time: readers wait for one another and for a run that starts or ends, a run waits for a
reader. A reader has the tables open only as long as its question takes: the answer is put aside first, then handed out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.eventlog.process_lock import last_taken
from suyuan.queries.api import open_tables
from suyuan.queries.over_socket import client as query_client
from suyuan.sinks.errors import FolderInUse

Row = dict[str, Any]

PATIENCE = 120.0
"""seconds that a reader waits for others before it gives up"""
_AGAIN = 0.1
"""seconds between two tries"""
_IN_MEMORY = 8 << 20
"""bytes of an answer that is put aside; what is more goes to a file"""


class FolderTables:
    """A named query with its parameters → rows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._looked_alone: int | None = None

    def __call__(self, query: str, **parameters: Any) -> Iterator[Row]:
        """Waits for others up to PATIENCE. Raises SuyuanError: UNAVAILABLE where that was not enough, naming the
        process that has the tables open.
        """
        if not self._folder.is_dir():
            raise SuyuanError(
                f"there is no data folder {self._folder}: publish into it, or name another with --data",
                ErrorKind.CONFIGURATION,
            )
        return self._rows(query, parameters)

    def quiet(self) -> bool:
        """Whether certainly nothing has come into the tables since the last answer: it was a look of our own, and
        nobody has run on the folder since.
        """
        return (
            self._looked_alone is not None
            and self._looked_alone == last_taken(self._folder)
            and not query_client.serves(self._folder)
        )

    def _rows(self, query: str, parameters: dict[str, Any]) -> Iterator[Row]:
        until = time.monotonic() + PATIENCE
        while True:
            answer = self._answer(query, parameters)
            try:
                first = next(answer, None)
                break
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
        if first is not None:
            yield first
            yield from answer

    def _answer(self, query: str, parameters: dict[str, Any]) -> Iterator[Row]:
        """Raises FolderInUse, BrokenOff: then, as long as there was no row, it may be asked again."""
        try:
            answer = query_client.ask(self._folder, query, **parameters)
        except query_client.NotRunningError:
            yield from self._alone(query, parameters)
        else:
            self._looked_alone = None
            yield from answer

    def _alone(self, query: str, parameters: dict[str, Any]) -> Iterator[Row]:
        before = last_taken(self._folder)
        with SpooledTemporaryFile(_IN_MEMORY, dir=str(self._folder)) as aside:
            with open_tables(self._folder) as queries:
                try:
                    for row in queries[query](**parameters):
                        aside.write(json.dumps(row, default=str).encode() + b"\n")
                except OSError as error:
                    raise SuyuanError(f"no room for the answer in {self._folder}: {error}") from error
            self._looked_alone = before
            aside.seek(0)
            for line in aside:
                yield json.loads(line)
