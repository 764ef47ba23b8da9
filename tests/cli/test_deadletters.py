"""What could not be read, from the log to the list and back into the log."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from suyuan.eventlog.log import Log, Record, TopicConfig
from tests import prepared
from tests.streams.stages.part import encoded
from tests.streams.stages.published import event

PATIENCE_SECONDS = 90
UNKNOWN_SCHEMA = b"\x00\x00\x00\x00\x63body"


@pytest.fixture
def publish(data):
    """Append messages to a topic of the folder's log, as a program does that writes to it itself."""

    def append(topic, *messages):
        with Log.open(data, role="publish", fsync="never") as log:
            if topic not in log.topics():
                log.create_topic(topic, 1, TopicConfig())
            return log.append(topic, 0, [Record(key, value) for key, value in messages])

    return append


@pytest.fixture
def command(suyuan):
    """The JSON lines of an answer. `own`: in a process of its own, as it must be where none has the tables."""

    def run(*arguments, code=0, **how):
        answer = suyuan(*arguments, "--json", **how)
        assert answer.code == code, answer.errors
        return [json.loads(line) for line in answer.output.splitlines()]

    return run


@pytest.fixture
def running(data):
    """`suyuan run` on the folder, in another process."""
    data.mkdir(exist_ok=True)
    process = prepared.Popen(
        [sys.executable, "-m", "suyuan.cli.main", "run", "--data", str(data)],
        stderr=subprocess.PIPE,
        env={**os.environ, "SUYUAN_FSYNC": "false"},
    )
    try:
        assert b"runs on" in process.stderr.readline()
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0


@pytest.fixture
def letters(command):
    """So many dead letters, once they are in the tables."""

    def wait(count):
        return until(lambda: len(found := command("deadletters", "list")) == count and found)

    return wait


def entity(**fields):
    return encoded(event("entity", **fields))


def messages(data, topic="in.entity"):
    with Log.open(data, role="read") as log:
        found = log.fetch(topic, 0, 0)
        return list(zip(found.keys, found.values, strict=True))


@pytest.mark.usefixtures("running")
def test_from_the_list_to_a_replay_with_corrected_bytes(suyuan, command, letters, publish, data, tmp_path):
    good = event("entity", name="甲")
    publish("in.entity", (b"key\xff", UNKNOWN_SCHEMA), (None, b"hello"), (b"k", encoded(good)))
    listed = letters(2)
    assert [(letter["id"], letter["replays"]) for letter in listed] == [("in.entity:0:1", 0), ("in.entity:0:0", 0)]
    assert command("deadletters") == listed
    assert [each["id"] for each in command("deadletters", "list", "--reason", "MAGIC")] == ["in.entity:0:1"]
    assert command("deadletters", "list", "--topic", "listing", "--since", "1h") == []
    assert len(command("deadletters", "list", "--topic", "entity", "--since", "1h", "--limit", 1)) == 1

    (shown,) = command("deadletters", "show", "in.entity:0:0")
    assert (shown["topic"], shown["source_partition"], shown["source_offset"]) == ("in.entity", 0, 0)
    assert (shown["payload"], shown["key"], shown["replays"]) == (UNKNOWN_SCHEMA.hex(), b"key\xff".hex(), [])
    assert shown["reason"] == "unknown schema id 99"
    assert shown["received_at"].endswith("Z")
    raw = suyuan("deadletters", "show", "in.entity:0:1", "--as", "base64").output
    assert base64.b64decode(raw) == b"hello"
    assert "hello" in suyuan("deadletters", "show", "in.entity:0:1").output

    # bytes that would only be dead letters once more are left where they are
    outcomes = command("deadletters", "replay", "--all", code=1)
    assert [(each["id"], each["result"]) for each in outcomes] == [
        ("in.entity:0:0", "unreadable"),
        ("in.entity:0:1", "unreadable"),
    ]
    assert len(messages(data)) == 3

    corrected = tmp_path / "corrected.json"
    corrected.write_text(json.dumps({name: value for name, value in good.items() if name != "kind"} | {"name": "乙"}))
    command("deadletters", "replay", "in.entity:0:1", "--edit", corrected, "--dry-run")
    assert len(messages(data)) == 3
    (sent,) = command("deadletters", "replay", "in.entity:0:1", "--edit", corrected)
    assert (sent["result"], sent["partition"], sent["offset"]) == ("replayed", 0, 3)
    (again,) = command("deadletters", "replay", "in.entity:0:1", "--edit", corrected)
    assert again["result"] == "replayed_before"
    assert len(messages(data)) == 4

    command("deadletters", "replay", "in.entity:0:0", "--force")
    assert messages(data)[4] == (b"key\xff", UNKNOWN_SCHEMA)
    states = {letter["id"]: letter["replays"] for letter in letters(3)}
    assert states == {"in.entity:0:0": 1, "in.entity:0:1": 1, "in.entity:0:4": 0}
    assert [each["id"] for each in command("deadletters", "list", "--state", "open")] == ["in.entity:0:4"]
    for name, offset, edited, outcome in [("in.entity:0:1", 3, True, "accepted"), ("in.entity:0:0", 4, False, "dead")]:
        (replay,) = until(lambda name=name: told(command, name))
        assert (replay["replayed_offset"], replay["edited"], replay["outcome"]) == (offset, edited, outcome)


def told(command, name):
    """Its replays, once it is known what became of them."""
    replays = command("deadletters", "show", name)[0]["replays"]
    return all(replay["outcome"] for replay in replays) and replays


def until(wanted):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := wanted()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_a_replay_where_nothing_runs(command, publish):
    good = entity()
    publish("in.entity", (b"k", b"\x01" + good[1:]))
    command("run", "--once", own=True)
    (sent,) = command("deadletters", "replay", "in.entity:0:0", "--edit", "-", stdin=good)
    assert (sent["result"], sent["offset"]) == ("replayed", 1)
    (report,) = command("run", "--once", own=True)
    assert report["rows"] == {"event_entity": 1, "dead_letter_replay": 1}
    (letter,) = command("deadletters", own=True)
    assert letter["replays"] == 1


def test_a_bad_deploy_stops_the_run_and_goes_on_when_it_is_told_to(suyuan, command, publish):
    publish("in.entity", *[(b"k", UNKNOWN_SCHEMA)] * 30, (b"k", entity()))
    few = {"SUYUAN_DEAD_LETTER_WINDOW": "20"}
    for _ in range(2):
        answer = suyuan("run", "--once", own=True, **few)
        assert answer.code == 1
        for piece in ("in.entity-0", "11 of the last 20", "unknown schema id 99", "--accept-poison"):
            assert piece in answer.errors
    assert len(command("deadletters", "list", own=True)) == 10
    (report,) = command("run", "--once", "--accept-poison", own=True, **few)
    assert (report["rows"]["event_entity"], report["gap"], report["duplicates"]) == (1, 0, 0)
    assert len(command("deadletters", "list", own=True)) == 30


@pytest.mark.usefixtures("running")
def test_a_large_message_is_pointed_to_and_comes_whole_from_its_topic(suyuan, command, letters, publish, data):
    large = bytes(range(256)) * (8 << 10)
    publish("in.entity", (b"k", large))
    letters(1)
    (shown,) = command("deadletters", "show", "in.entity:0:0")
    assert (shown["payload_bytes"], bytes.fromhex(shown["payload"])) == (len(large), large[: 1 << 20])
    assert bytes.fromhex(suyuan("deadletters", "show", "in.entity:0:0", "--as", "hex").output) == large
    command("deadletters", "replay", "--all", "--force")
    assert messages(data) == [(b"k", large)] * 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "1"], "topic:partition:offset"),
        (["show", "in.entity:0:x"], "topic:partition:offset"),
        (["replay"], "--all"),
        (["replay", "in.entity:0:1", "--all"], "--all"),
        (["replay", "--all", "--edit", "x"], "one ID"),
        (["replay", "in.entity:0:1", "--edit", "nowhere"], "nowhere"),
        (["list", "--topic", "in.nothing"], "in.nothing"),
        (["list", "--since", "yesterday"], "yesterday"),
    ],
)
def test_wrong_usage(suyuan, arguments, said):
    answer = suyuan("deadletters", *arguments)
    assert answer.code == 2
    assert said in answer.errors


@pytest.mark.usefixtures("running")
def test_nothing_is_sent_for_what_is_no_correction(suyuan, command, letters, publish, data, tmp_path):
    publish("in.entity", (b"k", b"x"), (None, None))
    letters(2)
    for content, said in [
        (b"{}", "missing"),
        (b"y", "wrong magic byte"),
        (json.dumps(event("lot")).encode(), "lot"),
        (encoded(event("lot")), "lot"),
    ]:
        file = tmp_path / "correction"
        file.write_bytes(content)
        answer = suyuan("deadletters", "replay", "in.entity:0:0", "--edit", file)
        assert answer.code == 1
        assert said in answer.errors
    (outcome,) = command("deadletters", "replay", "in.entity:0:7", code=1)
    assert outcome["result"] == "unknown"
    (outcome,) = command("deadletters", "replay", "in.entity:0:1", "--force", code=1)
    assert "neither key nor value" in outcome["reason"]
    assert messages(data) == [(b"k", b"x"), (None, None)]


def lines_of(folder):
    lines = [json.loads(line) for path in sorted(folder.glob("*/*.jsonl")) for line in path.read_text().splitlines()]
    return {line["id"]: line for line in lines}, len(lines)


def test_files_have_what_the_tables_have(suyuan, command, publish, data, tmp_path):
    folder = tmp_path / "letters"
    publish("in.entity", (b"key\xff", UNKNOWN_SCHEMA), (None, b"hello"))
    publish("in.complaint", (b"k", "张三".encode()))
    files = {"SUYUAN_DEAD_LETTER_FILES": str(folder)}
    assert suyuan("run", "--once", own=True, **files).code == 0
    lines, count = lines_of(folder)
    assert sorted(lines) == ["in.complaint:0:0", "in.entity:0:0", "in.entity:0:1"]
    assert count == 3
    assert command("deadletters", "show", "in.entity:0:0", own=True) == [lines["in.entity:0:0"] | {"replays": []}]
    assert lines["in.complaint:0:0"]["withheld"]

    # where nobody wants files, nothing is kept for them in the log; later they have what it still has, each once
    publish("in.entity", (None, b"hello again"))
    assert suyuan("run", "--once", own=True).code == 0
    with Log.open(data, role="read") as log:
        assert log.lag("dead-letter-files") == {}
    assert suyuan("run", "--once", own=True, **files).code == 0
    lines, count = lines_of(folder)
    assert count == len(lines) == 4


def test_a_folder_for_files_that_cannot_be_written_is_bad_configuration(suyuan, tmp_path):
    (tmp_path / "file").write_text("no folder")
    answer = suyuan("run", "--once", own=True, SUYUAN_DEAD_LETTER_FILES=str(tmp_path / "file" / "letters"))
    assert answer.code == 3
    assert f"dead letters cannot be written to {tmp_path / 'file' / 'letters'}: " in answer.errors
