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
    server = settings.clickhouse_settings()
    if server is None:
        yield FolderTables(settings.data)
        return
    with open_server(server) as queries:
        yield queries
