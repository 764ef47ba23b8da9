"""Ask the tables: of the server that the settings name, else of the data folder, whoever has it open (the process that
runs on it, else this one).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from suyuan.queries.api import Ask, Query, open_server
from suyuan.queries.folder_tables import FolderTables
from suyuan.runtime.settings import Settings


def rows(settings: Settings, query: str, **parameters: Any) -> Iterator[Mapping[str, Any]]:
    """The rows of a named query. Raises SuyuanError."""
    with tables(settings) as ask:
        yield from ask(query, **parameters)


@contextmanager
def tables(settings: Settings) -> Iterator[Ask]:
    """The named queries, for several of them. Raises SuyuanError."""
    if not settings.clickhouse:
        yield FolderTables(settings.data)
        return
    with open_server(settings.clickhouse_settings()) as queries:
        yield _ServerTables(queries)


class _ServerTables:
    def __init__(self, queries: Mapping[str, Query]) -> None:
        self._queries = queries

    def __call__(self, query: str, **parameters: Any) -> Iterable[Mapping[str, Any]]:
        return self._queries[query](**parameters)

    def quiet(self) -> bool:
        return False
