"""What a former version wrote: refused with the remedy, exported, and made anew by being published."""

import gzip
import json
from pathlib import Path

import pytest

FORMER = Path(__file__).parents[1] / "data" / "former"
EVENTS = [json.loads(line) for line in (FORMER / "events.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture
def former(tmp_path):
    """A data folder as the former version left it."""
    file = tmp_path / "former" / "log" / "log.sqlite"
    file.parent.mkdir(parents=True)
    file.write_bytes(gzip.decompress((FORMER / "log.sqlite.gz").read_bytes()))
    return file.parents[1]


def by_name(events):
    return sorted(events, key=lambda event: (event["kind"], event["event_id"]))


def test_a_folder_of_a_former_version_is_refused_with_the_remedy_and_left_alone(suyuan, former):
    file = former / "log" / "log.sqlite"
    before = file.read_bytes()
    for command in (("run", "--once"), ("publish", str(FORMER / "events.jsonl"))):
        refused = suyuan(*command, "--data", str(former))
        assert refused.code == 3, refused.errors
        assert "made by a former version" in refused.errors
        assert f"suyuan log export --data {former}" in refused.errors
    assert file.read_bytes() == before


def test_what_is_exported_is_what_was_published_and_makes_everything_anew(suyuan, former, tmp_path):
    out = tmp_path / "events.jsonl"
    exported = suyuan("log", "export", "--data", str(former), "--out", str(out))
    assert exported.code == 0, exported.errors
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert by_name(lines) == by_name(EVENTS)
    answer = suyuan("publish", str(out), "--json", "--data", str(tmp_path / "new"))
    assert answer.row["accepted"] == len(EVENTS) - 1
    (refused,) = answer.row["errors"]
    assert (refused["field"], "、" in refused["reason"]) == ("lots", True), "what the contract refuses by now is listed"
    again = suyuan("log", "export", "--data", str(tmp_path / "new"))
    assert by_name(map(json.loads, again.output.splitlines())) == by_name(
        event for event in EVENTS if event.get("lots") != ["H1、H2"]
    )
    assert suyuan("log", "export", "--data", str(former), "--out", str(out)).code == 2, "nothing is overwritten"


def test_without_a_log_there_is_nothing_to_export(suyuan, tmp_path):
    nothing = suyuan("log", "export", "--data", str(tmp_path / "none"))
    assert (nothing.code, "there is no log" in nothing.errors) == (3, True)
