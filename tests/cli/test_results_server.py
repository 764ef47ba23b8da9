"""The commands that read, on a ClickHouse server: the answers are those of the data folder that its tables are of."""

from __future__ import annotations

import json
import select
import shutil
import subprocess
import sys

import pytest

from tests import prepared
from tests.cli.conftest import in_this_process
from tests.sinks.front_process import FrontProcess

COUNT, SEED = 1_000, 5


SERVE = """
import sys
from pathlib import Path
from suyuan.queries.open_tables import open_tables
from suyuan.queries.over_socket.server import QueryService
folder = Path(sys.argv[1])
with open_tables(folder) as queries:
    QueryService(folder, queries).start()
    print("serving", flush=True)
    sys.stdin.read()
"""


def command(*arguments, **environment):
    """Exit code, output and messages."""
    answer = in_this_process([str(each) for each in arguments], environment)
    return answer.code, answer.output, answer.errors


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Results of a simulated market."""
    data = tmp_path_factory.mktemp("demo") / "data"
    performing = [sys.executable, "-m", "suyuan.cli.main", "demo", "--once", "--json", "--data", str(data)]
    prepared.run([*performing, "--events", str(COUNT), "--seed", str(SEED)], check=True, capture_output=True)
    return data


@pytest.fixture(scope="module")
def questions(data):
    """Commands, and what they answer while a process has the folder open."""
    with prepared.Popen(
        [sys.executable, "-c", SERVE, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as serving:
        assert serving.stdout.readline() == b"serving\n"
        yield asked_of(data)
        serving.stdin.close()


def asked_of(data):
    _, output, _ = command("chains", "--json", "--data", data)
    chains = [json.loads(line) for line in output.splitlines()]
    whole = next(each for each in chains if each["lot"] and each["verdict"] != "removed")
    listing = (whole["platform_code"], whole["listing_id"])
    lot = (whole["producer_code"], whole["gtin"], whole["lot"])
    asked = [
        ("chains",),
        ("chains", "--json"),
        ("chains", "--json", "--verdict", "broken", "--limit", "3"),
        ("chain", *listing),
        ("chain", *listing, "--json"),
        ("alerts", "--json"),
        ("alerts", "--state", "raised"),
        ("trace", "back", *listing, "--json"),
        ("trace", "forward", *lot),
        ("trace", "forward", lot[1], "--json"),
        ("deadletters",),
    ]
    return {question: command(*question, "--data", data) for question in asked}


@pytest.fixture(scope="module")
def front(data, questions, tmp_path_factory):
    """A server that has the same tables."""
    assert all(code == 0 and output for code, output, _ in questions.values())
    copy = shutil.copytree(data / "clickhouse", tmp_path_factory.mktemp("copy") / "clickhouse", symlinks=True)
    front = FrontProcess(copy, {"FRONT_ACCOUNT": "reader:secret of it"})
    front.start()
    yield front
    front.kill()


@pytest.fixture(scope="module")
def server(front):
    return {
        "SUYUAN_CLICKHOUSE": f"127.0.0.1:{front.port}",
        "SUYUAN_CLICKHOUSE_USERNAME": "reader",
        "SUYUAN_CLICKHOUSE_PASSWORD": "secret of it",
    }


def test_the_answers_are_the_same(server, questions, tmp_path):
    for question, (_, output, _) in questions.items():
        code, found, errors = command(*question, "--data", tmp_path / "nothing", **server)
        assert code == 0, errors
        assert found == output, question


def test_what_keeps_the_answer_away_is_said(server):
    nobody = "127.0.0.1:1"
    code, _, errors = command("chains", **server | {"SUYUAN_CLICKHOUSE": nobody})
    assert (code, f"ClickHouse at {nobody}" in errors) == (4, True)
    code, _, errors = command("alerts", **server | {"SUYUAN_CLICKHOUSE_DATABASE": "elsewhere"})
    assert code == 1
    assert "database elsewhere" in errors
    assert "`suyuan loader` makes them" in errors
    code, _, errors = command("alerts", **server | {"SUYUAN_CLICKHOUSE_PASSWORD": "another secret"})
    assert code == 4
    assert "Authentication failed" in errors
    assert "another secret" not in errors


def readable(stream):
    return bool(select.select([stream], [], [], 0.2)[0])
