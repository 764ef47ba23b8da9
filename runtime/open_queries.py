"""Ask the tables: of the server that the settings name, else of the data folder, whoever has it open (the process that
runs on it, else this one).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from suyuan.queries.api import Queries
from suyuan.queries.folder_tables import FolderTables
from suyuan.queries.open_tables import open_server
from suyuan.runtime.settings import Settings


@contextmanager
def tables(settings: Settings) -> Iterator[Queries]:
    """Whoever answers questions, for several of them. Raises SuyuanError."""
    if not settings.clickhouse:
        yield FolderTables(settings.data)
        return
    with open_server(settings.clickhouse_settings()) as queries:
        yield queries
