"""Nobody who reads slowly, asks much or asks something long is in the way of others."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack, contextmanager

import msgspec
import pytest

from suyuan.access.scope import EVERYTHING
from suyuan.errors import ErrorKind
from suyuan.queries.api import AlertFilter, ChainFilter, OfListing, OfListingEvents, Page
from suyuan.queries.budgets import ALONE, BUDGETS, Use
from suyuan.queries.open_tables import OpenTables
from suyuan.queries.over_socket import path
from suyuan.queries.over_socket.client import SocketQueries
from suyuan.queries.over_socket.messages import Asked
from suyuan.queries.over_socket.server import QueryService
from suyuan.queries.questions import CHAINS, QUESTIONS, Listed, Question
from suyuan.sinks.errors import OverBudget
from suyuan.sinks.readers import Budget
from tests.queries.rows import SAID

LISTING = OfListing(SAID["chain"][0]["platform_code"], "l0")
LISTED = OfListingEvents(LISTING.platform_code, [("l0", "e", "listing/P/e~0")])
SLOW_READERS = 8
LONG = 60.0
ENDLESS = "SELECT count() FROM numbers(1000000000000)"
"""for as long as it is let"""


@contextmanager
def half_read(folder, page):
    """A client that asks, reads the beginning of the answer, and no more."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(LONG)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(str(path.find(folder)))
        wanted = msgspec.Raw(msgspec.json.encode(Listed(ChainFilter(), page)))
        client.sendall(msgspec.json.encode(Asked(CHAINS.name, EVERYTHING, wanted)) + b"\n")
        assert client.recv(10)
        yield client


def sql(statement, use=Use.INTERACTIVE):
    """A question of its own."""
    return Question("sql", str, list, lambda _: use, lambda reader, _scope, wanted: reader.select(wanted or statement))


def waiting(begun, go_on):
    """A question that takes until it is told to go on."""

    def ask(_reader, _scope, _wanted):
        begun.release()
        assert go_on.wait(LONG)

    return Question("waiting", None, None, lambda _: Use.INTERACTIVE, ask)


@pytest.mark.parametrize("limit", [60, 10_000], ids=["pages", "exports"])
def test_however_many_do_not_read_on_the_next_question_is_answered(over_socket, folder, limit, monkeypatch):
    """Each answer is more than a socket takes."""

    def large(reader, scope, listed):
        page = CHAINS.ask(reader, scope, listed)
        return msgspec.structs.replace(page, rows=page.rows * 100)

    monkeypatch.setitem(QUESTIONS, CHAINS.name, Question(CHAINS.name, CHAINS.wanted, CHAINS.answer, CHAINS.use, large))
    with ExitStack() as clients:
        for _ in range(SLOW_READERS):
            clients.enter_context(half_read(folder, Page(limit)))
        assert over_socket.chain(EVERYTHING, LISTING) is not None
        assert len(over_socket.chains(EVERYTHING, ChainFilter(), Page(limit)).rows) > 1000
        assert over_socket.alerts(EVERYTHING, AlertFilter(), Page(1)).rows


@pytest.mark.parametrize("tables", ["embedded", "server"])
def test_a_question_that_takes_too_long_is_ended_and_its_reader_answers_the_next(request, tables):
    queries = OpenTables(request.getfixturevalue(tables), {Use.INTERACTIVE: Budget(1, 4, 3.0)})
    for _ in range(2):
        with pytest.raises(OverBudget, match="longer than the 3 s that such a question may take") as caught:
            queries.answer(sql(ENDLESS), EVERYTHING, "")
        assert caught.value.kind is ErrorKind.UNAVAILABLE
    assert queries.answer(sql(""), EVERYTHING, "SELECT 1 AS n") == [{"n": 1}]


def test_alone_on_a_folder_nothing_that_is_asked_is_ended_soon():
    assert set(ALONE) == set(BUDGETS)
    for use, budget in ALONE.items():
        assert budget.seconds >= 3600
        assert budget.readers == BUDGETS[use].readers


def test_one_use_is_not_in_the_way_of_another_and_one_too_many_is_told(embedded):
    budgets = {**BUDGETS, Use.INTERACTIVE: Budget(readers=2, waiting=1, seconds=LONG)}
    begun, go_on = threading.Semaphore(0), threading.Event()
    queries = OpenTables(embedded, budgets)
    question = waiting(begun, go_on)
    asking = [threading.Thread(target=queries.answer, args=(question, EVERYTHING, None), daemon=True) for _ in range(3)]
    for each in asking[:2]:
        each.start()
        assert begun.acquire(timeout=LONG)
    asking[2].start()
    while queries.waiting(Use.INTERACTIVE) < 1:
        pass
    with pytest.raises(OverBudget, match="busy: 2 such questions are being answered, and 1 wait"):
        queries.chain(EVERYTHING, LISTING)
    assert queries.assessed(EVERYTHING, LISTED) is not None, "what is waited for has readers of its own"
    assert queries.reused_ids(EVERYTHING), "so have checks"
    go_on.set()
    for each in asking:
        each.join(LONG)
    assert queries.chain(EVERYTHING, LISTING) is not None


def test_over_the_socket_too_one_too_many_is_told_so(embedded, tmp_path, monkeypatch):
    begun, go_on = threading.Semaphore(0), threading.Event()
    monkeypatch.setitem(QUESTIONS, "waiting", waiting(begun, go_on))
    service = QueryService(tmp_path, OpenTables(embedded, {Use.INTERACTIVE: Budget(1, 0, LONG)}))
    service.start()
    queries = SocketQueries(tmp_path)
    asking = threading.Thread(target=queries.answer, args=(QUESTIONS["waiting"], EVERYTHING, None), daemon=True)
    asking.start()
    assert begun.acquire(timeout=LONG)
    with pytest.raises(OverBudget, match="ask again later") as caught:
        queries.chain(EVERYTHING, LISTING)
    assert caught.value.kind is ErrorKind.UNAVAILABLE
    go_on.set()
    asking.join(LONG)
    service.stop()
