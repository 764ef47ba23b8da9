from __future__ import annotations

import json
import socket
import stat
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.over_socket import client as query_client
from suyuan.queries.over_socket import path as query_socket
from suyuan.queries.over_socket.server import QueryService


def count(n=3):
    for number in range(n):
        yield {"number": number, "name": f"第{number}"}


def fail():
    yield {"number": 0}
    raise RuntimeError("no such table")


@pytest.fixture
def folder():
    """A short path: those of the socket are limited."""
    with TemporaryDirectory(prefix="s") as place:
        yield Path(place)


@pytest.fixture
def service(folder):
    service = QueryService(folder, {"count": count, "fail": fail})
    service.start()
    yield service
    service.stop()


@pytest.mark.usefixtures("service")
def test_rows_come_back_as_they_are(folder):
    assert list(query_client.ask(folder, "count")) == [{"number": n, "name": f"第{n}"} for n in range(3)]
    assert len(list(query_client.ask(folder, "count", n=20_000))) == 20_000


@pytest.mark.usefixtures("service")
def test_a_query_that_fails_says_so_and_the_service_goes_on(folder):
    with pytest.raises(SuyuanError, match="no such table"):
        list(query_client.ask(folder, "fail"))
    with pytest.raises(SuyuanError, match="KeyError"):
        list(query_client.ask(folder, "drop everything"))
    with pytest.raises(SuyuanError):
        list(query_client.ask(folder, "count", unheard_of=1))
    assert len(list(query_client.ask(folder, "count"))) == 3


@pytest.mark.usefixtures("service")
def test_who_asks_only_whether_there_is_one_is_no_failure(folder, caplog):
    assert query_client.serves(folder)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(query_socket.find(folder)))
        client.settimeout(10)
        client.shutdown(socket.SHUT_WR)
        assert not client.recv(100)  # it is through with us
    assert not caplog.records


@pytest.mark.usefixtures("service")
def test_what_is_logged_is_no_part_of_what_the_command_prints(folder, caplog, capsys):
    with pytest.raises(SuyuanError, match="no such table"):
        list(query_client.ask(folder, "fail"))
    assert [record.getMessage() for record in caplog.records] == ["query failed: RuntimeError('no such table')"]
    assert not capsys.readouterr().out


@pytest.mark.usefixtures("service")
def test_only_the_owner_may_ask(folder):
    path = query_socket.find(folder)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize(
    "request_line", [b"\n", b"not json\n", b"[]\n", b'{"query": "count"}\n', b"x" * 200_000 + b"\n"]
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
    assert len(list(query_client.ask(folder, "count"))) == 3


def test_where_nothing_runs_it_is_known_at_once(folder, service):
    service.stop()
    assert not list(folder.iterdir())
    with pytest.raises(query_client.NotRunningError):
        query_client.ask(folder, "count")


def test_a_socket_left_by_a_killed_process_is_no_service_and_in_nobodys_way(folder):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(folder / "query.sock"))
    with pytest.raises(query_client.NotRunningError):
        query_client.ask(folder, "count")
    service = QueryService(folder, {"count": count})
    service.start()
    assert len(list(query_client.ask(folder, "count"))) == 3
    service.stop()


def test_a_service_that_dies_in_the_middle_is_an_error_and_not_a_short_answer(folder):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "query.sock"))
        server.listen()

        def answer_half():
            connection, _ = server.accept()
            with connection:
                connection.recv(10)
                connection.sendall(b'{"row": {"number": 0}}\n')

        dying = threading.Thread(target=answer_half, daemon=True)
        dying.start()
        answer = query_client.ask(folder, "count")
        assert next(answer) == {"number": 0}
        dying.join()
        with pytest.raises(SuyuanError) as caught:
            next(answer)
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
            answer = query_client.ask(folder, "count")
            ending.join()
            with pytest.raises(query_client.BrokenOff):
                next(answer)


def test_a_question_that_fails_while_the_service_stops_is_broken_off_and_may_be_asked_again(folder):
    asked, stopped = threading.Event(), threading.Event()

    def closed():
        asked.set()
        stopped.wait(10)
        raise RuntimeError("the tables are closed")
        yield

    service = QueryService(folder, {"closed": closed})
    service.start()
    answer = query_client.ask(folder, "closed")
    answers = threading.Thread(target=lambda: asked.wait(10) and (service.stop(), stopped.set()), daemon=True)
    answers.start()
    with pytest.raises(query_client.BrokenOff):
        next(answer)
    answers.join()


def test_a_folder_too_deep_for_a_socket_still_works(folder):
    deep = folder / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    service = QueryService(deep, {"count": count})
    service.start()
    place = query_socket.find(deep)
    assert len(list(query_client.ask(deep, "count"))) == 3
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    service.stop()
    assert not place.parent.exists()
    assert not list(deep.iterdir())
