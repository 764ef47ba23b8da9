"""Questions answered by the tables that this process has open: of a data folder, or of a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import msgspec

from suyuan.access.scope import Scope
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.answers import typed
from suyuan.queries.api import NothingProcessed, Queries
from suyuan.queries.budgets import ALONE, BUDGETS, Use
from suyuan.queries.paging import read_all
from suyuan.queries.questions import Export, Question, Whole
from suyuan.queries.spool import Spool
from suyuan.sinks.clickhouse import ClickHouse, ClickHouseSettings
from suyuan.sinks.definitions import damaged
from suyuan.sinks.errors import FolderInUse, OverBudget, ServerUnavailable, SinkError, TablesMissing
from suyuan.sinks.readers import Budget

W = TypeVar("W")
A = TypeVar("A")
T = TypeVar("T")


class OpenTables(Queries):
    """Answers from any thread, as many questions at a time as the budgets allow. Answers are whole before anybody is
    given them, so that nobody holds a reader by being slow.
    """

    def __init__(
        self,
        clickhouse: ClickHouse,
        budgets: Mapping[Use, Budget] = BUDGETS,
        telling: Callable[[], AbstractContextManager[None]] = nullcontext,
        go_on: Callable[[], None] = lambda: None,
    ) -> None:
        """`telling`: within it the errors of the sinks are made what people are told. `go_on`: called again and again
        while a whole list is read, and ends that by raising.
        """
        self._go_on = go_on
        self._clickhouse = clickhouse
        self._telling = telling
        self._pools = {use: clickhouse.pool(budget) for use, budget in budgets.items()}

    def answer(self, question: Question[W, A], scope: Scope, wanted: W) -> A:
        """As Queries.answer."""
        with (
            self._telling(),
            self._clickhouse.answering(),
            self._pools[question.use(wanted)].reader() as reader,
        ):
            return question.ask(reader, scope, wanted)

    def spool(self, export: Export[W, T], scope: Scope, whole: Whole[W], spool: Spool) -> None:
        """As Queries.spool."""
        with self._telling(), self._clickhouse.answering(), self._pools[Use.WHOLE].reader() as reader:
            query = export.query(scope, whole.wanted)
            with closing(read_all(reader, query, whole.limit)) as blocks:
                for rows in blocks:
                    self._go_on()
                    spool.add(msgspec.json.encode(typed(rows, export.row)))

    def waiting(self, use: Use) -> int:
        """How many questions of a use wait for a reader."""
        return self._pools[use].waiting


@contextmanager
def open_tables(folder: Path, go_on: Callable[[], None] = lambda: None) -> Iterator[OpenTables]:
    """Those of a folder that no process runs on (`go_on`: see OpenTables). Raises NothingProcessed, FolderInUse, and
    SuyuanError, for their use too.
    """
    path = folder / "clickhouse"
    if not path.is_dir():
        raise NothingProcessed(f"nothing was processed in {folder} yet: `suyuan run` does it")
    found = damaged(path)
    if found:
        raise SuyuanError(f"{'; '.join(map(str, found))}: the next start of suyuan run mends it")
    try:
        with ClickHouse(ClickHouseSettings(path=path, readers=0)) as clickhouse:
            yield OpenTables(clickhouse, ALONE, go_on=go_on)
    except (FolderInUse, OverBudget):
        raise
    except TablesMissing as error:
        raise NothingProcessed(f"nothing was processed in {folder} yet: {error}") from error
    except ServerUnavailable as error:
        raise SuyuanError(str(error), ErrorKind.UNAVAILABLE) from error
    except SinkError as error:
        raise SuyuanError(f"the query failed (is a table damaged? suyuan doctor says so): {error}") from error


@contextmanager
def open_server(settings: ClickHouseSettings) -> Iterator[OpenTables]:
    """Those of a ClickHouse server. Raises SuyuanError, each question too."""
    with _of_server(), ClickHouse(replace(settings, readers=0), make=False) as clickhouse:
        yield OpenTables(clickhouse, telling=_of_server)


@contextmanager
def _of_server() -> Iterator[None]:
    try:
        yield
    except OverBudget:
        raise
    except TablesMissing as error:
        raise SuyuanError(f"{error}: `suyuan loader` makes them") from error
    except ServerUnavailable as error:
        raise SuyuanError(str(error), ErrorKind.UNAVAILABLE) from error
    except SinkError as error:
        raise SuyuanError(f"the query failed: {error}") from error
