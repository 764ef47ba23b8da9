"""A whole list is read once, kept until it is taken, and in nobody's way meanwhile."""

from __future__ import annotations

import os

import pytest

from suyuan.access.scope import EVERYTHING
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.eventlog.process_lock import lock_of
from suyuan.queries import folder_tables
from suyuan.queries.api import AlertFilter, Queries
from suyuan.queries.budgets import BUDGETS, Use
from suyuan.queries.folder_tables import FolderTables
from suyuan.queries.open_tables import OpenTables
from suyuan.queries.over_socket.client import BrokenOff, NotRunningError, SocketQueries
from suyuan.queries.over_socket.server import QueryService
from suyuan.queries.paging import ListQuery, Order, number
from suyuan.queries.questions import EVERY_ALERT, Export
from suyuan.queries.spool import Spool
from suyuan.sinks.errors import OverBudget
from suyuan.sinks.readers import Budget, Reader

COUNT = 300_000
MANY = "SELECT number, repeat('x', 100) AS text FROM numbers(300000)"
LONG = 60.0


def numbers(statement):
    """A whole list of numbers."""
    query = ListQuery(statement, [], {}, Order((number("number"),)))
    return Export("numbers", None, dict, lambda _scope, _wanted: query, EVERY_ALERT.pages)


def test_a_whole_list_is_one_read_of_the_tables(embedded, monkeypatch):
    """Not one for each page: their order is not the key of the table."""
    streamed = []
    stream = Reader.stream

    def counted(self, statement, parameters=None):
        streamed.append(statement)
        return stream(self, statement, parameters)

    def page(*_):
        raise AssertionError("a page was asked for")

    monkeypatch.setattr(Reader, "stream", counted)
    monkeypatch.setattr(Reader, "select", page)
    export = numbers(MANY)
    found = OpenTables(embedded).export(export, EVERYTHING, None)
    assert [row["number"] for row in found] == list(range(COUNT))
    assert len(streamed) == 1


def test_who_takes_a_whole_list_slowly_holds_no_reader(embedded):
    queries = OpenTables(embedded, {**BUDGETS, Use.WHOLE: Budget(readers=1, waiting=0, seconds=LONG)})
    export = numbers(MANY)
    slow = queries.export(export, EVERYTHING, None)
    assert next(slow)["number"] == 0
    assert len(list(queries.export(export, EVERYTHING, None))) == COUNT
    assert len(list(slow)) == COUNT - 1


def test_a_whole_list_has_a_time_of_its_own(embedded):
    queries = OpenTables(embedded, {**BUDGETS, Use.WHOLE: Budget(readers=1, waiting=0, seconds=1.0)})
    with pytest.raises(OverBudget, match="longer than the 1 s"):
        next(queries.export(numbers("SELECT number FROM numbers(1000000000000)"), EVERYTHING, None))
    assert len(list(queries.export(numbers("SELECT number FROM numbers(3)"), EVERYTHING, None))) == 3


def test_where_there_is_no_room_it_is_said(monkeypatch):
    with Spool() as spool:
        monkeypatch.setattr(spool._file, "write", fail)
        with pytest.raises(SuyuanError, match="TMPDIR") as caught:
            spool.add(b"[]")
    assert caught.value.kind is ErrorKind.UNAVAILABLE


def fail(_):
    raise OSError(28, "No space left on device")


def test_over_the_socket_a_list_that_is_not_all_is_broken_off(embedded, tmp_path, monkeypatch):
    """The process ends in the middle of it."""
    service = QueryService(tmp_path, OpenTables(embedded))

    def stopped(_self, _export, _scope, _whole, spool):
        spool.add(b"[]")
        service.stop()
        raise RuntimeError("the tables are closed")

    monkeypatch.setattr(OpenTables, "spool", stopped)
    service.start()
    with pytest.raises(BrokenOff):
        list(SocketQueries(tmp_path).export(EVERY_ALERT, EVERYTHING, AlertFilter()))


class Running(Queries):
    """The process that has started: one row of its own."""

    def __init__(self, folder):
        self._folder = folder
        self.asked = 0

    def spool(self, _export, _scope, _whole, spool):
        self.asked += 1
        if self.asked == 1:
            raise NotRunningError
        spool.add(b'[{"number": 7}]')


def test_a_whole_list_gives_way_to_a_process_that_starts(embedded, tmp_path, monkeypatch):
    """It is asked again, of that process, and nothing of the first try is told, however long that took."""
    monkeypatch.setattr(folder_tables, "PATIENCE", 0.0)
    lock_of(tmp_path).parent.mkdir()
    lock_of(tmp_path).touch()
    blocks = []
    tables = FolderTables(tmp_path)
    tables._running = Running(tmp_path)

    class Alone:
        def __init__(self, _folder, go_on):
            self._queries = OpenTables(embedded, go_on=go_on)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def spool(self, export, scope, whole, spool):
            add = spool.add

            def added(line):
                add(line)
                blocks.append(line)
                os.utime(lock_of(tmp_path), ns=(len(blocks), len(blocks)))

            spool.add = added
            try:
                self._queries.spool(export, scope, whole, spool)
            finally:
                spool.add = add

    monkeypatch.setattr(folder_tables, "open_tables", Alone)
    found = tables.export(numbers(MANY), EVERYTHING, None)
    assert [row["number"] for row in found] == [7]
    assert len(blocks) == 1
