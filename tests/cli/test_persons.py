"""Who complained is nowhere but in what came to `in.complaint`: refused before the append, withheld behind it."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256

import pytest

from suyuan.eventlog.log import Log, Record, TopicConfig
from suyuan.schemas.events import encode_event
from suyuan.schemas.validation import parse_event
from tests import prepared
from tests.cli.test_results import SERVE
from tests.streams.stages.published import event

PERSON = "13912345678 张三"
TRACES = tuple(trace for part in PERSON.split() for trace in (part.encode(), part.encode().hex().encode()))
PSEUDONYM = "p" + "0123456789abcdef" * 2

DUMP = """
import sys
from pathlib import Path
from suyuan.sinks.clickhouse import ClickHouse, ClickHouseSettings
with ClickHouse(ClickHouseSettings(path=Path(sys.argv[1]) / "clickhouse"), make=False) as clickhouse:
    query = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
    for (table,) in clickhouse.writer.query(query).result_rows:
        sys.stdout.buffer.write(clickhouse.writer.raw_query(f"SELECT * FROM {table}", fmt="JSONEachRow"))
"""


def named_complaints(directory):
    """Files that name the person, in every place where a column may slip to."""
    good = event("complaint", complainant=PERSON)
    jsonl = directory / "complaints.jsonl"
    wrong = [good, good | {"channel": PERSON}, good | {"occurred_at": PERSON}, good | {"complainant": [PERSON]}]
    cut = json.dumps(good, ensure_ascii=False)[:-2]
    jsonl.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in wrong) + cut)
    table = directory / "complaints.csv"
    names = [name for name in good if name != "kind"]
    rows = [names, [good[name] for name in names]]
    rows += [[PERSON if name == wrong else good[name] for name in names] for wrong in ("occurred_at", "channel")]
    table.write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
    return jsonl, table


def bytes_of(folder):
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.fixture
def serving(data):
    """A process that has the tables, so that commands need none of their own."""
    started = []

    def serve(*, end=False):
        if not end:
            process = prepared.Popen(
                [sys.executable, "-c", SERVE, str(data)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            started.append(process)
            assert b"serving" in process.stdout.readline()
            return
        while started:
            started.pop().communicate(timeout=60)

    yield serve
    serve(end=True)


@pytest.fixture
def clean():
    """That something holds no trace of the person."""

    def check(held):
        data = held.encode() if isinstance(held, str) else held
        for trace in TRACES:
            assert trace not in data
            assert trace.decode("utf-8", "replace").encode("unicode_escape") not in data

    return check


def test_publishing_refuses_names_and_never_quotes_them(suyuan, data, tmp_path, clean):
    report = tmp_path / "errors.jsonl"
    for file, refused in zip(named_complaints(tmp_path), (5, 3), strict=True):
        for arguments in ((), ("--json",), ("--errors", report)):
            answer = suyuan("publish", file, *arguments)
            assert answer.code == 1
            clean(answer.output + answer.errors)
            if "--json" in arguments:
                assert (answer.row["accepted"], answer.row["rejected"]) == (0, refused)
                (told,) = (each for each in answer.row["errors"] if each["field"] == "complainant" and each["line"] < 3)
                assert "pseudonym" in told["reason"]
                assert "publishing" in told["reason"], "what to do"
        clean(report.read_bytes())
    clean(bytes_of(data))


def test_what_was_appended_all_the_same_is_in_its_topic_and_nowhere_else(suyuan, data, clean, serving):
    parsed = parse_event(json.dumps(event("complaint", complainant=PERSON)).encode())
    named = encode_event("complaint", parsed.event)
    fine = encode_event("complaint", parse_event(json.dumps(event("complaint", complainant=PSEUDONYM)).encode()).event)
    with Log.open(data, role="publish", fsync="never") as log:
        log.create_topic("in.complaint", 1, TopicConfig())
        bad = [named, named[:-3], b"\x00\x00\x00\x00\x63" + PERSON.encode(), PERSON.encode()]
        log.append("in.complaint", 0, [Record(PERSON.encode(), value) for value in (*bad, fine)])
    said = [suyuan("run", "--once", "--json", own=True)]
    assert json.loads(said[0].output)["rows"] == {"event_complaint": 1, "dead_letter": 4}
    serving()
    asked = (
        ("deadletters",),
        ("deadletters", "--json"),
        *(("deadletters", "show", f"in.complaint:0:{offset}") for offset in range(4)),
        *(("deadletters", "show", "in.complaint:0:0", "--as", form) for form in ("raw", "text", "hex", "base64")),
        ("deadletters", "show", "in.complaint:0:0", "--json"),
        ("deadletters", "replay", "--all"),
        ("deadletters", "replay", "--all", "--force"),
    )
    said += [suyuan(*arguments) for arguments in asked]
    for answer in said:
        clean(answer.output + answer.errors)
    shown = json.loads(said[-3].output)
    assert (shown["withheld"], shown["payload"], shown["key"]) == (True, "", None)
    assert (shown["sha256"], shown["payload_bytes"]) == (sha256(named).hexdigest(), len(named))
    assert "withheld" in said[3].output
    assert sha256(named).hexdigest() in said[3].output
    assert all("withheld" in answer.errors and answer.code == 1 for answer in said[7:11])
    assert said[-1].code == said[-2].code == 1
    with Log.open(data, role="read") as log:
        assert log.end_offsets()["in.complaint", 0] == 5, "not even force publishes it once more"
        for topic in log.topics():
            if topic != "in.complaint":
                for value in log.fetch(topic, 0, 0, 10_000, 1 << 26).values:
                    clean(value or b"")
    serving(end=True)
    clean(bytes_of(data / "state"))
    clean(bytes_of(data / "clickhouse"))
    dumped = prepared.run([sys.executable, "-c", DUMP, str(data)], capture_output=True, check=True, timeout=120)
    assert PSEUDONYM.encode() in dumped.stdout, "and that looks where complainants are"
    clean(dumped.stdout + dumped.stderr)


def test_a_corrected_complaint_is_sent_and_one_that_still_names_somebody_is_not(suyuan, data, tmp_path, clean):
    bad = event("complaint", complainant=PERSON)
    value = encode_event("complaint", parse_event(json.dumps(bad).encode()).event)
    with Log.open(data, role="publish", fsync="never") as log:
        log.create_topic("in.complaint", 1, TopicConfig())
        log.append("in.complaint", 0, [Record(b"k", value)])
    suyuan("run", "--once", own=True)
    edited = tmp_path / "edited.json"
    edited.write_text(json.dumps(bad, ensure_ascii=False))
    answer = suyuan("deadletters", "replay", "in.complaint:0:0", "--edit", edited, own=True)
    assert answer.code == 1
    assert "pseudonym" in answer.errors
    clean(answer.output + answer.errors)
    edited.write_text(json.dumps(bad | {"complainant": PSEUDONYM}))
    assert suyuan("deadletters", "replay", "in.complaint:0:0", "--edit", edited, own=True).code == 0
    assert json.loads(suyuan("run", "--once", "--json", own=True).output)["rows"]["event_complaint"] == 1
