from __future__ import annotations

import json
import socket
import socketserver
import stat
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest

from suyuan.access.scope import EVERYTHING, OutsideScope
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.api import Queries
from suyuan.queries.over_socket import client as query_client
from suyuan.queries.over_socket import path as query_socket
from suyuan.queries.over_socket import server as query_server
from suyuan.queries.over_socket.server import QueryService
from suyuan.queries.questions import PING, QUESTIONS, Question
from suyuan.sinks.errors import OverBudget, ServerUnavailable


class Numbered(msgspec.Struct):
    number: int
    name: str


def count(n):
    return [Numbered(number, f"第{number}") for number in range(n)]


def fail(_):
    raise RuntimeError("no such table")


def question(name, ask, wanted=None, answer=None):
    """One that asks no tables."""
    return Question(name, wanted, answer, lambda _: None, lambda _reader, _scope, wanted: ask(wanted))


COUNT = question("count", count, int, list[Numbered])
FAIL = question("fail", fail)


class Answers(Queries):
    """Those questions, without tables."""

    def answer(self, question, scope, wanted):
        return question.ask(None, scope, wanted)


@pytest.fixture(autouse=True)
def _known(monkeypatch):
    for each in (COUNT, FAIL):
        monkeypatch.setitem(QUESTIONS, each.name, each)


def ask(folder, question=COUNT, wanted=3):
    return query_client.SocketQueries(folder).answer(question, EVERYTHING, wanted)


@pytest.fixture
def folder():
    """A short path: those of the socket are limited."""
    with TemporaryDirectory(prefix="s") as place:
        yield Path(place)


@pytest.fixture
def service(folder):
    service = QueryService(folder, Answers())
    service.start()
    yield service
    service.stop()


@pytest.mark.usefixtures("service")
def test_rows_come_back_as_they_are(folder):
    assert ask(folder) == [Numbered(n, f"第{n}") for n in range(3)]
    assert len(ask(folder, COUNT, 20_000)) == 20_000


@pytest.mark.usefixtures("service")
def test_a_query_that_fails_says_so_and_the_service_goes_on(folder):
    with pytest.raises(SuyuanError, match="no such table"):
        ask(folder, FAIL, None)
    with pytest.raises(SuyuanError, match="KeyError"):
        ask(folder, question("drop everything", fail), None)
    with pytest.raises(SuyuanError, match="ValidationError"):
        ask(folder, COUNT, {"unheard_of": 1})
    assert len(ask(folder)) == 3


@pytest.mark.usefixtures("service")
def test_who_asks_only_whether_there_is_one_is_no_failure(folder, caplog):
    assert query_socket.find(folder) is not None
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(query_socket.find(folder)))
        client.settimeout(10)
        client.shutdown(socket.SHUT_WR)
        assert not client.recv(100)  # it is through with us
    assert not caplog.records


@pytest.mark.usefixtures("service")
def test_what_is_logged_is_no_part_of_what_the_command_prints(folder, caplog, capsys):
    with pytest.raises(SuyuanError, match="no such table"):
        ask(folder, FAIL, None)
    assert [record.getMessage() for record in caplog.records] == ["query failed: RuntimeError('no such table')"]
    assert not capsys.readouterr().out


@pytest.mark.usefixtures("service")
def test_only_the_owner_may_ask(folder):
    path = query_socket.find(folder)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize(
    "request_line", [b"\n", b"not json\n", b"[]\n", b'{"question": "count"}\n', b"x" * 2_000_000 + b"\n"]
)
def test_nonsense_is_answered_with_an_error(folder, request_line):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(query_socket.find(folder)))
        client.settimeout(10)
        try:
            client.sendall(request_line)
            answer = client.makefile("rb").readline()
        except (BrokenPipeError, ConnectionResetError):
            answer = b'{"error": "hung up"}'
    assert "error" in json.loads(answer)
    assert len(ask(folder)) == 3


def test_where_nothing_runs_it_is_known_at_once(folder, service):
    service.stop()
    assert not list(folder.iterdir())
    with pytest.raises(query_client.NotRunningError):
        ask(folder)


def test_a_socket_left_by_a_killed_process_is_no_service_and_in_nobodys_way(folder):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(folder / "query.sock"))
    with pytest.raises(query_client.NotRunningError):
        ask(folder)
    service = QueryService(folder, Answers())
    service.start()
    assert len(ask(folder)) == 3
    service.stop()


def test_a_service_that_dies_in_the_middle_is_an_error_and_not_a_short_answer(folder):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "query.sock"))
        server.listen()

        def answer_half():
            connection, _ = server.accept()
            with connection:
                connection.recv(10)
                connection.sendall(b'{"answer":[{"number":0,"name":"')

        dying = threading.Thread(target=answer_half, daemon=True)
        dying.start()
        with pytest.raises(query_client.BrokenOff) as caught:
            ask(folder)
        dying.join()
    assert caught.value.kind == ErrorKind.UNAVAILABLE


def test_a_service_that_hangs_up_before_it_hears_the_question_is_no_answer(folder):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "query.sock"))
        server.listen()

        def hang_up():
            server.accept()[0].close()

        for _ in range(20):
            ending = threading.Thread(target=hang_up, daemon=True)
            ending.start()
            with pytest.raises(query_client.BrokenOff):
                ask(folder)
            ending.join()


def test_a_question_that_fails_while_the_service_stops_is_broken_off_and_may_be_asked_again(folder, monkeypatch):
    asked, stopped = threading.Event(), threading.Event()

    def closed(_):
        asked.set()
        stopped.wait(10)
        raise RuntimeError("the tables are closed")

    monkeypatch.setitem(QUESTIONS, "closed", question("closed", closed))
    service = QueryService(folder, Answers())
    service.start()
    answers = threading.Thread(target=lambda: asked.wait(10) and (service.stop(), stopped.set()), daemon=True)
    answers.start()
    with pytest.raises(query_client.BrokenOff):
        ask(folder, QUESTIONS["closed"], None)
    answers.join()


def test_a_folder_too_deep_for_a_socket_still_works(folder):
    deep = folder / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    service = QueryService(deep, Answers())
    service.start()
    place = query_socket.find(deep)
    assert len(ask(deep)) == 3
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    service.stop()
    assert not place.parent.exists()
    assert not list(deep.iterdir())


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("error", [OutsideScope("not for you"), OverBudget("too long"), ServerUnavailable("away")])
def test_an_error_is_of_its_kind_on_the_other_side_too(folder, monkeypatch, error):
    def refuse(_):
        raise error

    monkeypatch.setitem(QUESTIONS, "refuse", question("refuse", refuse))
    with pytest.raises(SuyuanError, match=str(error)) as caught:
        ask(folder, QUESTIONS["refuse"], None)
    assert caught.value.kind is error.kind
    assert isinstance(caught.value, OutsideScope) == isinstance(error, OutsideScope)


@pytest.mark.usefixtures("service")
def test_an_answer_that_this_version_does_not_know_is_told(folder):
    with pytest.raises(SuyuanError, match="start it again") as caught:
        ask(folder, question("count", count, int, list[str]))
    assert caught.value.kind is ErrorKind.CONFIGURATION


def test_a_client_too_many_is_told_and_one_that_goes_makes_room(folder, monkeypatch):
    monkeypatch.setattr(query_server, "MOST_CLIENTS", 2)
    service = QueryService(folder, Answers())
    service.start()
    try:
        idle = [socket.socket(socket.AF_UNIX) for _ in range(2)]
        for each in idle:
            each.connect(str(query_socket.find(folder)))
        with pytest.raises(SuyuanError) as caught:
            ask(folder)
        assert caught.value.kind is ErrorKind.UNAVAILABLE
        with pytest.raises(OverBudget, match="2 clients are connected"):
            ask(folder, COUNT, [0] * 200_000)  # more than a socket takes before anybody reads
        for each in idle:
            each.close()
        while True:
            try:
                query_client.SocketQueries(folder).answer(PING, EVERYTHING, None)
                break
            except SuyuanError as error:
                assert error.kind is ErrorKind.UNAVAILABLE  # noqa: PT017 -- until the two are gone there too
    finally:
        service.stop()


def test_a_client_for_whom_there_is_no_thread_is_told_and_takes_nobodys_place(folder, monkeypatch):
    monkeypatch.setattr(query_server, "MOST_CLIENTS", 2)
    service = QueryService(folder, Answers())
    service.start()
    try:
        with monkeypatch.context() as patched:

            def no_thread(*_):
                raise RuntimeError("can't start new thread")

            patched.setattr(socketserver.ThreadingMixIn, "process_request", no_thread)
            for _ in range(3):
                with pytest.raises(OverBudget):
                    ask(folder)
        assert len(ask(folder)) == 3
    finally:
        service.stop()
