"""A pool of readers, with clients that are not there: who gets one, who waits, who is told to come again."""

from __future__ import annotations

import threading
import time

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from suyuan.errors import ErrorKind
from suyuan.sinks.errors import OverBudget
from suyuan.sinks.readers import Budget, ReaderPool

LONG = 60.0


class Client:
    def __init__(self, error=None):
        self.error = error
        self.settings = []

    def query(self, _statement, *, settings, **_):
        self.settings.append(settings)
        if self.error is not None:
            raise self.error
        return type("Result", (), {"column_names": ("n",), "result_rows": [(1,)]})


class Made:
    def __init__(self, error=None):
        self.clients = []
        self.error = error

    def __call__(self, _seconds):
        self.clients.append(Client(self.error))
        return self.clients[-1]


def taken(pool, count):
    """So many readers, each held by a thread until the event is set."""
    free, held = threading.Event(), threading.Semaphore(0)

    def hold():
        with pool.reader():
            held.release()
            free.wait(LONG)

    threads = [threading.Thread(target=hold, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert held.acquire(timeout=LONG)
    return free, threads


def test_clients_are_made_when_they_are_needed_and_used_again():
    made = Made()
    pool = ReaderPool(Budget(2, 2, LONG), made)
    assert not made.clients
    for _ in range(3):
        with pool.reader() as reader:
            assert reader.select("SELECT 1 AS n") == [{"n": 1}]
    assert len(made.clients) == 1
    with pool.reader(), pool.reader():
        assert len(made.clients) == 2


def test_who_waits_gets_the_reader_that_comes_back():
    pool = ReaderPool(Budget(1, 1, LONG), Made())
    free, (holding,) = taken(pool, 1)
    waiting = threading.Thread(target=lambda: pool.reader().__enter__(), daemon=True)
    waiting.start()
    free.set()
    holding.join(LONG)
    waiting.join(LONG)
    assert not waiting.is_alive()


def test_one_too_many_is_told_at_once():
    pool = ReaderPool(Budget(2, 0, LONG), Made())
    free, _ = taken(pool, 2)
    with (
        pytest.raises(OverBudget, match="busy: 2 such questions are being answered, and 0 wait") as caught,
        pool.reader(),
    ):
        pass
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    free.set()


def test_who_waits_in_vain_is_told():
    pool = ReaderPool(Budget(1, 1, 0.1), Made())
    free, _ = taken(pool, 1)
    with pytest.raises(OverBudget, match=r"busy: 1 such questions were being answered for 0\.1 s"), pool.reader():
        pass
    free.set()


def test_each_query_of_a_question_has_what_is_left_of_its_time():
    made = Made()
    with ReaderPool(Budget(1, 0, LONG), made).reader() as reader:
        reader.select("SELECT 1")
        reader.select("SELECT 1")
    first, second = (each["max_execution_time"] for each in made.clients[0].settings)
    assert LONG > first > second > 0


def test_a_question_whose_time_is_over_asks_no_more():
    made = Made()
    with ReaderPool(Budget(1, 0, 0.001), made).reader() as reader:
        while time.monotonic() < reader.until:
            pass
        with pytest.raises(OverBudget, match=r"longer than the 0\.001 s"):
            reader.select("SELECT 1")
    assert not made.clients[0].settings


def test_what_the_server_breaks_off_is_told_as_too_long():
    error = DatabaseError("Timeout exceeded")
    error.code = 159
    with (
        pytest.raises(OverBudget, match="longer than the 60 s"),
        ReaderPool(Budget(1, 0, LONG), Made(error)).reader() as reader,
    ):
        reader.select("SELECT 1")


def test_a_question_that_fails_gives_its_reader_back():
    pool = ReaderPool(Budget(1, 0, LONG), Made(ValueError()))
    for _ in range(3):
        with pytest.raises(ValueError), pool.reader() as reader:
            reader.select("SELECT 1")


def test_a_client_that_cannot_be_made_takes_no_place():
    def fail(_seconds):
        raise ConnectionError

    pool = ReaderPool(Budget(1, 0, LONG), fail)
    for _ in range(3):
        with pytest.raises(ConnectionError), pool.reader():
            pass
