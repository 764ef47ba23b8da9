"""The three that answer questions, on the same rows."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from suyuan.queries.open_tables import OpenTables
from suyuan.queries.over_socket.client import SocketQueries
from suyuan.queries.over_socket.server import QueryService
from suyuan.sinks.clickhouse import ClickHouse, ClickHouseSettings
from suyuan.sinks.migrations import migrate
from tests.queries.rows import fill
from tests.sinks.conftest import WITHOUT_FSYNC
from tests.sinks.front_process import FrontProcess


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    """Tables in this process, for a module: other modules open tables of their own, and a process has one folder."""
    with ClickHouse(ClickHouseSettings(path=tmp_path_factory.mktemp("chdb") / "clickhouse")) as clickhouse:
        migrate(clickhouse.writer, placeholders=WITHOUT_FSYNC)
        fill(clickhouse)
        yield clickhouse


@pytest.fixture(scope="module")
def folder():
    """A short path: those of sockets are limited."""
    with TemporaryDirectory(prefix="s") as place:
        yield Path(place)


@pytest.fixture(scope="module")
def over_socket(embedded, folder):
    service = QueryService(folder, OpenTables(embedded))
    service.start()
    yield SocketQueries(folder)
    service.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Tables of a ClickHouse over HTTP."""
    front = FrontProcess(tmp_path_factory.mktemp("front") / "clickhouse")
    front.start()
    with ClickHouse(front.settings) as clickhouse:
        migrate(clickhouse.writer, placeholders=WITHOUT_FSYNC)
        fill(clickhouse)
        yield clickhouse
    front.kill()


@pytest.fixture(params=["here", "over the socket", "over HTTP"])
def queries(request):
    match request.param:
        case "here":
            return OpenTables(request.getfixturevalue("embedded"))
        case "over the socket":
            return request.getfixturevalue("over_socket")
        case _:
            return OpenTables(request.getfixturevalue("server"))
