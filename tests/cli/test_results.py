"""The commands that read, on the results of a simulated market; what is planted there is known."""

from __future__ import annotations

import csv
import io
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from suyuan.cli.main import app
from suyuan.domain.identifiers.uscc import check_character
from suyuan.errors import SuyuanError
from suyuan.runtime.exit_codes import exit_of
from suyuan.simulation.market import Market
from tests import prepared
from tests.cli.terminal import in_a_pipe, on_terminal, shown_by

COUNT, SEED = 3_000, 5


SERVE = """
import sys, time
from pathlib import Path
from suyuan.queries.open_tables import open_tables
from suyuan.queries.over_socket.server import QueryService
folder = Path(sys.argv[1])
with open_tables(folder) as queries:
    QueryService(folder, queries).start()
    print("serving", flush=True)
    sys.stdin.read()
"""


def process(data, *arguments, encoding="utf-8", **environment):
    """A process of its own."""
    done = prepared.run(
        [sys.executable, "-m", "suyuan.cli.main", *map(str, arguments), "--data", str(data)],
        capture_output=True,
        check=False,
        timeout=240,
        env={**os.environ, "SUYUAN_FSYNC": "false", **environment},
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding)


def command(data, *arguments):
    """In this process: one that may be asked holds the tables."""
    result = CliRunner().invoke(app, [*map(str, arguments), "--data", str(data)])
    if isinstance(result.exception, SuyuanError):
        return exit_of(result.exception), result.stdout, str(result.exception)
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
    with prepared.Popen(
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
    assert (report["without_cause"], report["findings_without_cause"]) == (0, 0), report["examples"]
    assert {fault: score["found"] for fault, score in report["faults"].items()} == {
        fault: sum(one.fault == fault for one in planted) for fault in {one.fault for one in planted}
    }, report["examples"]
    assert report["events"] == COUNT
    assert len(report["try"]) == 7
    assert sum(report["chains"].values()) > 500
    assert report["findings"]["high"] > 5
    assert code == 0, errors


def test_the_demo_draws_a_spot_check_and_tells_what_came_of_a_sample_that_failed(performed):
    data, _, report, _ = performed
    held = report["spot_check"]
    assert len(held["verified"]) == 5
    assert held["orders"] <= held["rows"] <= report["chains"]["complete"]
    assert len(held["officers"]) == 2
    assert held["gaps"] == ["inspection_failed"]
    assert [(tested, passed) for _, tested, passed in held["results"]] == [(1, 0)]
    folder = Path(held["folder"])
    assert folder.parent == data / "public"
    stranger = subprocess.run([sys.executable, "-I", "verify.py"], cwd=folder, capture_output=True, check=False)
    assert stranger.returncode == 0, stranger.stdout


def test_the_demo_shows_a_picture_at_once_and_leaves_a_market_with_commands_that_work(tmp_path):
    shown = shown_by(
        [sys.executable, "-m", "suyuan.cli.main", "demo", "--events", "600", "--rate", "400"],
        env={**os.environ, "TMPDIR": str(tmp_path), "TERM": "xterm", "SUYUAN_FSYNC": "false"},
    )
    picture, _, after = shown.partition("The market stays in ")
    assert (
        picture.index("溯源 suyuan demo") < picture.index("newest alerts that stand") < picture.index("without cause")
    )
    assert picture.count("suyuan demo") >= 2
    folder, _, rest = after.partition("\n")
    assert Path(folder).parent == tmp_path
    commands = [shlex.split(line) for line in rest.splitlines() if line.startswith("  ")]
    assert [words[3:5] for words in commands if words[3] == "trace"] == [["trace", "back"], ["trace", "forward"]]
    assert all(words[:3] == [sys.executable, "-m", "suyuan.cli.main"] for words in commands)
    for text in in_a_pipe(*(words[3:] for words in commands)):
        assert text.count("\n") >= 2
    assert f"rm -r {folder}" in rest


def test_with_and_without_a_running_process_the_answer_is_the_same(performed, tmp_path):
    """On a copy: a run publishes the present day, which the others' expectations know nothing of."""
    original, _, report, _ = performed
    folder = shutil.copytree(original, tmp_path / "copy", symlinks=True)
    code, alone, errors = process(folder, "chains", "--json")
    assert code == 0, errors
    assert len(alone.splitlines()) == sum(report["chains"].values())
    with prepared.Popen(
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
    assert all(row["gap_names"] == sorted({gap["gap"] for gap in row["gaps"]}) for row in found)
    contradicted = rows(data, "chains", "--verdict", "contradicted")
    held = performed[2]["spot_check"]
    failed = next(row for row in contradicted if row["listing_id"] == held["listing_id"])
    # the report is of before the spot check, whose sample was of a lot that others sell as well
    before = [row for row in contradicted if row["gap_names"] != ["inspection_failed"] or row["lot"] != failed["lot"]]
    assert len(before) == performed[2]["chains"]["contradicted"]
    assert all("oversold" in row["gap_names"] for row in rows(data, "chains", "--gap", "oversold"))
    assert len(rows(data, "chains", "--limit", 7)) == 7


def test_chains_and_chain_for_people(data, planted):
    code, output, errors = command(data, "chains")
    assert code == 0
    assert len(output.splitlines()) > 50
    assert "--limit" in errors
    code, output, errors = command(data, "chains", "--limit", 51)
    assert (code, errors) == (0, "")
    assert all(row["listing_id"] in output for row in rows(data, "chains", "--limit", 51))
    recalled = next(one for one in planted if one.gap == "lot_recalled")
    code, output, _ = command(data, "chain", recalled.platform_code.lower(), recalled.listing_id)
    assert code == 0
    assert "lot_recalled" in output
    assert "evidence: " in output


def test_the_history_of_a_chain_ends_in_what_it_says(data, planted):
    recalled = next(one for one in planted if one.gap == "lot_recalled")
    named = (recalled.platform_code, recalled.listing_id)
    versions = rows(data, "history", *named)
    (whole,) = rows(data, "chain", *named)
    assert versions[0]["gap_names"] == whole["gap_names"]
    told = [set(version["gap_names"]) for version in [*versions, {"gap_names": []}]]
    for version, gaps, former in zip(versions, told, told[1:], strict=False):
        assert (set(version["gained"]), set(version["lost"])) == (gaps - former, former - gaps)
    assert all(cause["evidence"].startswith(cause["kind"]) for version in versions for cause in version["causes"])
    assert any(version["causes"] for version in versions)
    code, output, _ = command(data, "history", *named)
    assert (code, len(output.splitlines())) == (0, 1 + len(versions))
    assert "+lot_recalled" in output
    assert command(data, "history", recalled.platform_code, "nothing")[0] == 1


def test_before_anything_was_known_the_answer_says_since_when_it_is(data, planted):
    recalled = next(one for one in planted if one.gap == "lot_recalled")
    named = (recalled.platform_code, recalled.listing_id)
    (whole,) = rows(data, "chain", *named)
    lot = (whole["producer_code"], whole["gtin"], whole["lot"])
    for question in (("chain", *named), ("trace", "back", *named), ("trace", "forward", *lot)):
        for option in ("--known-at", "--as-of"):
            code, _, errors = command(data, *question, option, "2001-01-01")
            assert (code, "then: first known on 20" in errors) == (1, True), errors
        assert command(data, *question, "--known-at", "2100-01-01")[0] == 0
    assert rows(data, "chain", *named, "--known-at", "2100-01-01") == [whole]
    assert command(data, "trace", "forward", *lot, "--happened-by", "2001-01-01")[0] == 1


def test_a_platform_is_told_what_it_has_to_mend(data):
    chains = rows(data, "chains")
    platform = chains[0]["platform_code"]
    expected = sorted(
        (row["listing_id"], gap["gap"]) for row in chains if row["platform_code"] == platform for gap in row["gaps"]
    )
    lines = rows(data, "feedback", platform.lower())
    assert sorted((line["listing_id"], line["gap"]) for line in lines) == expected
    assert all(line["how_zh"] and line["how_en"] for line in lines)
    some = rows(data, "feedback", platform, "--gap", lines[0]["gap"], "--limit", 2)
    assert {line["gap"] for line in some} == {lines[0]["gap"]}
    code, table, errors = command(data, "feedback", platform, "--limit", 3)
    assert (code, len(table.splitlines())) == (0, 4)
    assert "the first 3 of more" in errors
    sheet = process(data, "feedback", platform, "--csv", encoding="utf-8-sig")[1]
    assert sum(1 for _ in csv.DictReader(io.StringIO(sheet, newline=""))) == len(lines)
    code, _, errors = command(data, "feedback", "9133")
    assert (code, "nothing to mend" in errors, "format" in errors) == (0, True, True)
    assert command(data, "feedback", platform, "--gap", "hole")[0] == 2
    assert command(data, "feedback", platform, "--json", "--csv")[0] == 2


def test_a_chain_that_is_not_there(data):
    code, _, errors = command(data, "chain", "91110105MA004TMC60", "nothing")
    assert code == 1
    assert "nothing" in errors


def test_filters_that_make_no_sense_are_wrong_usage(data):
    assert command(data, "chains", "--verdict", "good")[0] == 2
    assert command(data, "chains", "--gap", "hole")[0] == 2
    assert command(data, "alerts", "--severity", "none")[0] == 2
    assert command(data, "trace", "back", "one")[0] == 2


def test_divisions_add_up_to_all_that_there_is_and_go_down_level_by_level(data):
    provinces = rows(data, "divisions")
    offered = [row for row in rows(data, "chains") if row["verdict"] != "removed"]
    assert sum(row["listings"] for row in provinces) == len(offered)
    assert sum(row["broken"] for row in provinces) == sum(row["verdict"] == "broken" for row in offered)
    standing = rows(data, "alerts", "--state", "raised")
    assert sum(row[name] for row in provinces for name in row if name.startswith("open_")) == len(standing)
    first = max((row for row in provinces if row["division"]), key=lambda row: row["listings"])
    cities = rows(data, "divisions", "--under", first["division"])
    assert sum(row["listings"] for row in cities) == first["listings"] > 0
    assert all(row["division"].startswith(first["division"]) for row in cities)
    code, table, _ = command(data, "divisions")
    assert (code, len(table.splitlines())) == (0, 1 + len(provinces))
    assert command(data, "divisions", "--under", "3x")[0] == 2
    assert "nothing is known of division 82" in command(data, "divisions", "--under", "82")[2]


def test_desks_add_up_to_the_alerts_that_wait_and_say_who_is_over_the_budget(data, monkeypatch):
    desks = rows(data, "desks")
    waits = Counter(row["bureau"] for row in rows(data, "alerts", "--state", "raised", "--handling", "open"))
    assert {row["bureau"]: row["open"] for row in desks if row["open"]} == waits
    raised = Counter(row["bureau"] for row in rows(data, "alerts"))
    assert all(sum(row["raised"]) >= raised[row["bureau"]] for row in desks)
    assert {row["bureau"] for row in desks} >= raised.keys()
    assert all((row["officers"], row["open_per_officer"]) == (None, None) for row in desks)
    most = max(max(row["raised"]) for row in desks)
    monkeypatch.setenv("SUYUAN_ALERT_BUDGET", str(most))
    assert not any(row["over_budget"] for row in rows(data, "desks"))
    monkeypatch.setenv("SUYUAN_ALERT_BUDGET", "1")
    some = [row["over_budget"] for row in rows(data, "desks")]
    assert some == sorted(some, reverse=True)
    code, table, _ = command(data, "desks")
    assert (code, len(table.splitlines()), "over" in table) == (0, 1 + len(desks), True)
    under = desks[0]["bureau"][:2]
    assert rows(data, "desks", "--under", under) == [
        row for row in rows(data, "desks") if row["bureau"].startswith(under)
    ]
    assert command(data, "desks", "--under", "3x")[0] == 2
    assert "no desk of division 82 has alerts" in command(data, "desks", "--under", "82")[2]


def test_alerts_newest_first(data, planted):
    found = rows(data, "alerts")
    assert [row["raised_at"] for row in found] == sorted((row["raised_at"] for row in found), reverse=True)
    assert {"rule", "severity", "platform_code", "listing_id", "state", "raised_at"} <= found[0].keys()
    assert {"subject", "handling", "bureau_why", "listings", "platforms"} <= found[0].keys()
    covered = rows(data, "alerts", "--state", "raised", "--listings")
    raised = {(row["platform_code"], row["listing_id"]) for row in covered}
    assert {row["alert_id"] for row in covered} == {row["alert_id"] for row in found if row["state"] == "raised"}
    assert sum(row["listings"] for row in found) == len(covered)
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


def test_hops_go_from_a_recalled_input_to_the_listing_and_say_how_many_are_next(data, planted):
    deep = next(one for one in planted if one.fault.startswith("input_recalled"))
    (back,) = rows(data, "trace", "back", deep.platform_code, deep.listing_id)
    key = next(lot["key"] for lot in back["lots"] if any(each["status"] == "open" for each in lot["recalls"]))
    node = f"lot:{key['producer_code']}/{key['gtin']}/{key['lot']}"
    (one,) = rows(data, "trace", "hop", node)
    assert {node["depth"] for node in one["nodes"]} == {0, 1}
    assert any(node["more"] for node in one["nodes"])
    (subject,) = (each for each in one["nodes"] if each["id"] == node)
    assert subject["status"] == "recalled"
    (all_of_it,) = rows(data, "trace", "hop", node, "--hops", 9)
    assert f"listing:{deep.platform_code}/{deep.listing_id}" in {each["id"] for each in all_of_it["nodes"]}
    (origin,) = rows(data, "trace", "hop", f"listing:{deep.platform_code}/{deep.listing_id}", "--back", "--hops", 9)
    assert node in {each["id"] for each in origin["nodes"]}
    for arguments in ((node,), (node, "--hops", 3), (f"entity:{key['producer_code']}", "--back"), (node, "--back")):
        code, output, errors = command(data, "trace", "hop", *arguments)
        assert code == 0, errors
        assert arguments[0] in output
    assert command(data, "trace", "hop", "lot:nonsense")[0] == 2
    assert command(data, "trace", "hop", node, "--known-at", "2001-01-01")[0] == 1


def test_the_impact_of_a_recall_is_what_a_trace_forward_finds(data, planted):
    recalled = next(one for one in planted if one.gap == "lot_recalled")
    (whole,) = rows(data, "chain", recalled.platform_code, recalled.listing_id)
    (trace,) = rows(data, "trace", "forward", whole["producer_code"], whole["gtin"], whole["lot"])
    number = next(each["recall_no"] for each in trace["lots"][0]["recalls"] if each["status"] == "open")
    (found,) = rows(data, "impact", whole["producer_code"], number)
    selling = {each["listing_id"]: each for each in found["listings"] if each["fate"] in {"on_sale", "relisted"}}
    assert selling[recalled.listing_id]["certainty"] == "certain"
    assert {each["chain"]["listing_id"] for each in trace["offers"]} <= set(selling)
    held = {(each["lot"]["lot"], each["holder"]): each["held"] for each in found["holders"]}
    assert {(each["lot"]["lot"], each["holder"]): each["held"] for each in trace["holdings"]}.items() <= held.items()
    code, output, errors = command(data, "impact", whole["producer_code"], number)
    assert code == 0, errors
    assert "published" in output
    assert recalled.listing_id in output
    assert command(data, "impact", whole["producer_code"], "nothing")[0] == 1


def test_dead_letters_of_which_there_are_none(data):
    assert rows(data, "deadletters") == []
    assert command(data, "deadletters") == (0, "id\treceived\tbytes\tstate\treason\n", "no dead letters\n")
    assert command(data, "deadletters", "show", "in.listing:0:1")[0] == 1


def test_gaps_have_one_form_and_no_number_is_beyond_what_readers_hold(data, planted):
    recalled = next(one for one in planted if one.gap == "lot_recalled")
    named = (recalled.platform_code, recalled.listing_id)
    (listed,) = (row for row in rows(data, "chains") if (row["platform_code"], row["listing_id"]) == named)
    (single,) = rows(data, "chain", *named)
    (back,) = rows(data, "trace", "back", *named)
    (forward,) = rows(data, "trace", "forward", single["producer_code"], single["gtin"], single["lot"])
    offered = next(offer["chain"] for offer in forward["offers"] if offer["chain"]["listing_id"] == named[1])
    for row in (listed, back["chain"], offered):
        assert (row["gaps"], row["gap_names"]) == (single["gaps"], single["gap_names"])
    assert set(single["gaps"][0]) == {"gap", "class", "subject", "detail", "evidence"}
    assert single["gap_names"] == sorted(gap["gap"] for gap in single["gaps"])
    alert = next(row for row in rows(data, "alerts", "--listings") if row["listing_id"] == named[1])
    assert alert["gap_names"] == single["gap_names"]
    for row in (listed, single, back, forward, alert):
        assert all(abs(number) <= 1 << 53 for number in numbers(row))
        assert "version" not in names(row)


def names(value):
    if isinstance(value, dict):
        return {*value, *(name for each in value.values() for name in names(each))}
    return {name for each in value for name in names(each)} if isinstance(value, list) else set()


def numbers(value):
    if isinstance(value, dict | list):
        return [number for each in (value.values() if isinstance(value, dict) else value) for number in numbers(each)]
    return [value] if isinstance(value, int) else []


NO_DIVISION = "91999999" + "MA004TMC6" + check_character("91999999MA004TMC6")
NOBODY, SELF_CHECK_FAILS = "91110105MA004TMC60", "91330106009900005X"


def test_a_trace_of_nothing_fails_and_says_which_level_of_a_name_does(data, planted):
    listing = next(one for one in planted if one.gap == "lot_recalled")
    (chain,) = rows(data, "chain", listing.platform_code, listing.listing_id)
    lot = (chain["producer_code"], chain["gtin"], chain["lot"])
    for arguments, said in (
        (("forward", NOBODY), f"no lot or listing is known of {NOBODY}"),
        (("forward", "91330106"), "91330106 is not a GTIN (check: "),
        (("forward", "9133010600990000"), "9133010600990000 is not a credit code (format: 16 characters, 18 expected)"),
        (("forward", "91330106009900005I"), "(format: character 18, 'I', is not allowed in a credit code)"),
        (("forward", "91330106009900006E"), "(organisation_check, check: character 17"),
        (("forward", NO_DIVISION), f"{NO_DIVISION} may be mistyped (division: characters 3-8, 999999, were never"),
        (("forward", "0000000000000"), "is not a GTIN (zeros: "),
        (("forward", SELF_CHECK_FAILS), "(check: check character 18 is X"),
        (("forward", "6903379452713"), "6903379452713 is not a GTIN (check: "),
        (("forward", "69033794527"), "69033794527 is not a GTIN (length: 8, 12, 13 or 14 digits expected)"),
        (("forward", lot[0], "6903379452713", lot[2]), "6903379452713 is not a GTIN (check: "),
        (("forward", lot[0], "69O3379452712", lot[2]), "69O3379452712 is not a GTIN (digits: "),
        (("forward", lot[0], lot[1], "no such lot"), "no such lot"),
        (("back", lot[0], lot[1], "no such lot"), "no such lot"),
        (("back", lot[0], "6903379452713", lot[2]), "6903379452713 is not a GTIN (check: "),
        (("back", SELF_CHECK_FAILS, "1"), "(check: "),
    ):
        code, output, errors = command(data, "trace", *arguments, *(("--json",) if "forward" in arguments else ()))
        assert (code, output) == (1, ""), arguments
        assert said in errors
    code, output, errors = command(data, "chain", SELF_CHECK_FAILS, "1")
    assert (code, output) == (1, "")
    assert "(check: " in errors
    assert command(data, "trace", "forward", lot[0].lower())[0] == 0


def test_a_word_too_many_is_wrong_usage(data, planted):
    listing = next(one for one in planted if one.gap == "lot_recalled")
    for arguments in (
        (listing.platform_code, listing.listing_id, "extra"),
        (listing.platform_code, listing.listing_id, "extra", "more"),
        (listing.platform_code,),
    ):
        code, output, errors = command(data, "trace", "back", *arguments)
        assert (code, output) == (2, "")
        assert "PLATFORM LISTING" in errors


def test_a_terminal_of_any_width_shows_every_field_and_every_id_whole(data, planted):
    one = next(one for one in planted if one.gap == "lot_recalled")
    (chain,) = rows(data, "chain", one.platform_code, one.listing_id)
    lot = [chain["producer_code"], chain["gtin"], chain["lot"]]
    of_lot, newest = rows(data, "chains", "--gap", "lot_recalled"), rows(data, "alerts", "--limit", 20)
    wanted = (
        (
            ("chains", "--gap", "lot_recalled"),
            [value for row in of_lot for value in (row["platform_code"], row["listing_id"], *row["gap_names"])],
        ),
        (
            ("alerts", "--limit", 20),
            [value for row in newest for value in (row["severity"], row["handling"], row["subject"], row["bureau"])],
        ),
        (("chain", one.platform_code, one.listing_id), [each for gap in chain["gaps"] for each in gap["evidence"]]),
        (("trace", "back", one.platform_code, one.listing_id), [*lot, one.listing_id]),
        (("trace", "forward", *lot), [*lot, one.listing_id, "received", "held", "verdict", "title"]),
    )
    commands = [(width, [*words, "--data", data]) for width in (60, 80, 200) for words, _ in wanted]
    for (width, words), values, text in zip(
        commands, [values for _, values in wanted] * 3, on_terminal(*commands), strict=True
    ):
        lines = text.splitlines()
        assert all(cell_len(line) <= width for line in lines), words
        assert [value for value in values if not any(value in line for line in lines)] == [], words


def test_a_terminal_or_pipe_in_gbk_gets_escapes_and_no_traceback(data, planted):
    one = next(one for one in planted if one.gap == "lot_recalled")
    (chain,) = rows(data, "chain", one.platform_code, one.listing_id)
    place, gbk = ["--data", data], {"PYTHONIOENCODING": "gbk", "LANG": "zh_CN.GBK"}
    of_one = ["chain", one.platform_code, one.listing_id, *place]
    forward = ["trace", "forward", chain["producer_code"], chain["gtin"], chain["lot"], *place]
    several = [of_one, forward, ["chains", "--limit", 5, *place], ["alerts", *place]]
    for shown in (on_terminal(*((80, words) for words in several), **gbk), in_a_pipe(*several, **gbk)):
        assert "x lot_recalled (contradicted)" in shown[0]
        assert "CNY " in shown[0]
        assert chain["title"] in shown[0]
        assert one.listing_id in shown[1]
        assert "complete" in shown[2]
    done = process(data, *of_one[:3], "--json", encoding="gbk", **gbk)
    assert (done[0], done[2]) == (0, "")
    assert json.loads(done[1])["title"] == chain["title"]


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
