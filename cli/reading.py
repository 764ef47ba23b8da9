"""Ask the tables: of the server that the settings name, else of the data folder, whoever has it open (the process that
runs on it, else this one).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from suyuan.cli import query_client
from suyuan.cli.exits import CommandError, Exit
from suyuan.cli.queries import open_server, open_tables
from suyuan.cli.settings import Settings

Ask = Callable[..., Iterable[Mapping[str, Any]]]
"""a named query with its parameters → rows (see `suyuan.cli.queries`). Raises CommandError"""


def rows(settings: Settings, query: str, **parameters: Any) -> Iterator[Mapping[str, Any]]:
    """The rows of a named query. Raises CommandError."""
    with tables(settings) as ask:
        yield from ask(query, **parameters)


@contextmanager
def tables(settings: Settings) -> Iterator[Ask]:
    """To ask several queries. Raises CommandError."""
    if not settings.clickhouse:
        yield partial(_of_folder, settings.data)
        return
    with open_server(settings.clickhouse_settings()) as queries:
        yield lambda query, **parameters: queries[query](**parameters)


def _of_folder(folder: Path, query: str, **parameters: Any) -> Iterator[Mapping[str, Any]]:
    if not folder.is_dir():
        raise CommandError(
            f"there is no data folder {folder}: publish into it, or name another with --data", Exit.BAD_CONFIGURATION
        )
    try:
        yield from query_client.ask(folder, query, **parameters)
    except query_client.NotRunningError:
        with open_tables(folder) as queries:
            yield from map(dict, queries[query](**parameters))
