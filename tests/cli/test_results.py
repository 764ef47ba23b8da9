"""The commands that read, on the results of a simulated market; what is planted there is known."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from suyuan.cli.exits import CommandError
from suyuan.cli.main import app
from suyuan.simulation.market import Market

COUNT, SEED = 3_000, 5


SERVE = """
import sys, time
from pathlib import Path
from suyuan.cli.queries import open_tables
from suyuan.cli.query_service import QueryService
folder = Path(sys.argv[1])
with open_tables(folder) as queries:
    QueryService(folder, queries).start()
    print("serving", flush=True)
    sys.stdin.read()
"""


def process(data, *arguments):
    """A process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "suyuan.cli.main", *map(str, arguments), "--data", str(data)],
        capture_output=True,
        check=False,
        timeout=240,
        env={**os.environ, "SUYUAN_FSYNC": "false"},
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def command(data, *arguments):
    """In this process: one that may be asked holds the tables."""
    result = CliRunner().invoke(app, [*map(str, arguments), "--data", str(data)])
    if isinstance(result.exception, CommandError):
        return result.exception.code, result.stdout, str(result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


def rows(data, *arguments):
    code, output, errors = command(data, *arguments, "--json")
    assert code == 0, errors
    return [json.loads(line) for line in output.splitlines()]


@pytest.fixture(scope="module")
def performed(tmp_path_factory):
    data = tmp_path_factory.mktemp("demo") / "data"
    code, output, errors = process(data, "demo", "--once", "--events", COUNT, "--seed", SEED, "--json")
    return data, code, json.loads(output), errors


@pytest.fixture(scope="module")
def data(performed):
    """The folder, while a process answers for its tables."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(performed[0])], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as serving:
        assert serving.stdout.readline() == b"serving\n"
        yield performed[0]
        serving.stdin.close()
        assert serving.wait(30) == 0


@pytest.fixture(scope="module")
def planted():
    market = Market(SEED)
    list(market.events(COUNT))
    return market.planted()


def test_the_demo_finds_all_that_was_planted_and_nothing_else(performed, planted):
    _, code, report, errors = performed
    assert (report["without_cause"], report["alerts_without_cause"]) == (0, 0), report["examples"]
    assert {fault: score["found"] for fault, score in report["faults"].items()} == {
        fault: sum(one.fault == fault for one in planted) for fault in {one.fault for one in planted}
    }, report["examples"]
    assert report["events"] == COUNT
    assert sum(report["chains"].values()) > 500
    assert report["alerts"]["high"] > 5
    assert code == 0, errors


def test_with_and_without_a_running_process_the_answer_is_the_same(performed, tmp_path):
    """On a copy: a run publishes the present day, which the others' expectations know nothing of."""
    original, _, report, _ = performed
    folder = shutil.copytree(original, tmp_path / "copy", symlinks=True)
    code, alone, errors = process(folder, "chains", "--json")
    assert code == 0, errors
    assert len(alone.splitlines()) == sum(report["chains"].values())
    with subprocess.Popen(
        [sys.executable, "-m", "suyuan.cli.main", "run", "--data", str(folder)],
        stderr=subprocess.PIPE,
        env={**os.environ, "SUYUAN_FSYNC": "false"},
    ) as running:
        assert b"runs on" in running.stderr.readline()
        assert len(rows(folder, "chains")) == len(alone.splitlines())
        process_row = next(row for row in rows(folder, "doctor") if row["check"] == "process")
        assert process_row["detail"] == "one runs on this folder and answers queries"
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 0


def test_chains_of_every_listing_once(data, performed):
    found = rows(data, "chains")
    assert len({(row["platform_code"], row["listing_id"]) for row in found}) == len(found)
    assert len(found) == sum(performed[2]["chains"].values())
    assert all(row["gaps"] == sorted(row["gaps"]) for row in found)
    contradicted = rows(data, "chains", "--verdict", "contradicted")
    assert len(contradicted) == performed[2]["chains"]["contradicted"]
    assert all("oversold" in row["gaps"] for row in rows(data, "chains", "--gap", "oversold"))
    assert len(rows(data, "chains", "--limit", 7)) == 7


def test_chains_and_chain_for_people(data, planted):
    code, output, errors = command(data, "chains")
    assert code == 0
    assert len(output.splitlines()) > 50
    assert "--limit" in errors
    recalled = next(one for one in planted if one.gap == "lot_recalled")
    code, output, _ = command(data, "chain", recalled.platform_code.lower(), recalled.listing_id)
    assert code == 0
    assert "lot_recalled" in output
    assert "evidence: " in output


def test_a_chain_that_is_not_there(data):
    code, _, errors = command(data, "chain", "91110105MA004TMC60", "nothing")
    assert code == 1
    assert "nothing" in errors


def test_filters_that_make_no_sense_are_wrong_usage(data):
    assert command(data, "chains", "--verdict", "good")[0] == 2
    assert command(data, "chains", "--gap", "hole")[0] == 2
    assert command(data, "alerts", "--severity", "none")[0] == 2
    assert command(data, "trace", "back", "one")[0] == 2


def test_alerts_newest_first(data, planted):
    found = rows(data, "alerts")
    assert [row["raised_at"] for row in found] == sorted((row["raised_at"] for row in found), reverse=True)
    assert {"rule", "severity", "platform_code", "listing_id", "state", "raised_at"} <= found[0].keys()
    raised = {(row["platform_code"], row["listing_id"]) for row in found if row["state"] == "raised"}
    assert {(one.platform_code, one.listing_id) for one in planted if one.gap == "oversold"} <= raised
    assert {row["severity"] for row in rows(data, "alerts", "--severity", "high")} == {"high"}
    assert command(data, "alerts")[0] == 0


def test_traces_go_back_to_a_recalled_input_and_forward_to_the_listing(data, planted):
    deep = next(one for one in planted if one.fault.startswith("input_recalled"))
    (back,) = rows(data, "trace", "back", deep.platform_code, deep.listing_id)
    recalled = [lot for lot in back["lots"] if any(recall["status"] == "open" for recall in lot["recalls"])]
    assert recalled[0]["depth"] == int(deep.fault[-1])
    key = recalled[0]["key"]
    (forward,) = rows(data, "trace", "forward", key["producer_code"], key["gtin"], key["lot"])
    assert deep.listing_id in {offer["chain"]["listing_id"] for offer in forward["offers"]}
    assert all(holding["held"] == holding["received"] - holding["sent"] for holding in forward["holdings"])
    for arguments in (
        ("back", deep.platform_code, deep.listing_id),
        ("back", *key.values()),
        ("forward", *key.values()),
        ("forward", key["gtin"]),
        ("forward", key["producer_code"]),
    ):
        code, output, errors = command(data, "trace", *arguments)
        assert code == 0, errors
        assert key["lot"] in output


def test_dead_letters_of_which_there_are_none(data):
    assert rows(data, "deadletters") == []
    assert command(data, "deadletters")[1] == "no dead letters\n"
    assert command(data, "deadletters", "show", "in.listing:0:1")[0] == 1


def test_a_demo_needs_an_empty_folder(data):
    code, _, errors = command(data, "demo", "--once")
    assert code == 2
    assert "empty" in errors


def test_where_there_is_no_data_it_is_said(tmp_path):
    code, _, errors = command(tmp_path / "nowhere", "chains")
    assert code == 3
    assert "nowhere" in errors
    code, _, errors = command(tmp_path, "chains")
    assert code == 1
    assert "suyuan run" in errors
