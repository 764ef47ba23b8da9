"""Who complained is nowhere but in what came to `in.complaint` by another way: a pseudonym before the append, withheld
behind it. All doors together: tests/end_to_end/test_identities.py.
"""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from hashlib import sha256

import pytest

from suyuan.domain.privacy.pseudonym import Pseudonyms, is_pseudonym
from suyuan.eventlog.log import Log, Record, TopicConfig
from suyuan.runtime.exit_codes import Exit
from suyuan.schemas.events import decode_event, encode_event
from suyuan.schemas.validation import parse_event
from tests import prepared
from tests.cli.test_results import SERVE
from tests.streams.stages.published import event

PHONE = "13912345678"
PERSON = f"{PHONE} 张三"
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


def test_publishing_makes_pseudonyms_of_names_and_never_quotes_them(suyuan, data, tmp_path, clean):
    report = tmp_path / "errors.jsonl"
    taken = []
    for file, refused in zip(named_complaints(tmp_path), (4, 2), strict=True):
        for arguments in ((), ("--json",), ("--errors", report)):
            answer = suyuan("publish", file, *arguments)
            assert answer.code == 1
            clean(answer.output + answer.errors)
            if "--json" in arguments:
                taken.append((answer.row["accepted"], answer.row["duplicate"]))
                assert answer.row["rejected"] == refused
        clean(report.read_bytes())
    assert taken == [(0, 1), (0, 1)], "the same person spelt alike has the same pseudonym, in both files"
    clean(bytes_of(data))
    (kept,) = in_log(data)
    assert is_pseudonym(kept["complainant"])


def in_log(data, kind="complaint"):
    with Log.open(data, role="read") as log:
        return [decode_event(value, kind)[1] for value in log.fetch(f"in.{kind}", 0, 0, 10_000, 1 << 26).values]


def test_a_check_takes_names_and_makes_no_key(suyuan, data, tmp_path, clean):
    file, _ = named_complaints(tmp_path)
    answer = suyuan("publish", file, "--check", "--json")
    assert (answer.row["accepted"], answer.row["rejected"]) == (1, 4)
    clean(answer.output + answer.errors)
    assert not data.exists()


def test_the_key_is_made_once_for_nobody_else_to_read_and_can_be_given_instead(suyuan, data, tmp_path, monkeypatch):
    file = tmp_path / "complaints.jsonl"
    file.write_text(json.dumps(event("complaint", complainant=PERSON)))
    assert suyuan("publish", file).code == 0
    key = data / "portal" / "pseudonym.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    (first,) = in_log(data)
    assert first["complainant"] == Pseudonyms(key.read_bytes()).of(f"{PHONE}张三")
    copy = tmp_path / "copy"
    copy.write_bytes(key.read_bytes() + b"\n")
    key.unlink()
    monkeypatch.setenv("SUYUAN_PSEUDONYM_KEY_FILE", str(copy))
    assert suyuan("publish", file, "--json").row["duplicate"] == 1
    assert not key.exists()


@pytest.mark.parametrize("damage", [lambda key: key.write_bytes(b""), lambda key: (key.unlink(), key.mkdir())])
def test_a_key_that_cannot_be_used_is_named_and_nothing_is_published(suyuan, data, tmp_path, damage, clean):
    file = tmp_path / "complaints.jsonl"
    file.write_text(json.dumps(event("complaint", complainant=PERSON)))
    suyuan("publish", file)
    key = data / "portal" / "pseudonym.key"
    damage(key)
    file.write_text(json.dumps(event("complaint", complainant=PERSON)))
    answer = suyuan("publish", file)
    assert answer.code == Exit.BAD_CONFIGURATION
    assert str(key) in answer.errors
    assert "backup" in answer.errors or "SUYUAN_PSEUDONYM_KEY_FILE" in answer.errors, "what to do"
    assert len(in_log(data)) == 1
    clean(answer.output + answer.errors)


def test_where_the_log_is_in_kafka_the_key_is_to_be_given(suyuan, tmp_path, monkeypatch, clean):
    file = tmp_path / "complaints.jsonl"
    file.write_text(json.dumps(event("complaint", complainant=PERSON)))
    answer = suyuan("publish", file, "--check", "--kafka", "127.0.0.1:1")
    assert answer.code == Exit.BAD_CONFIGURATION
    assert "SUYUAN_PSEUDONYM_KEY_FILE is not set" in answer.errors
    assert "openssl rand" in answer.errors, "what to do"
    clean(answer.output + answer.errors)
    short = tmp_path / "short"
    short.write_text("too short a key")
    monkeypatch.setenv("SUYUAN_PSEUDONYM_KEY_FILE", str(short))
    answer = suyuan("publish", file)
    assert answer.code == Exit.BAD_CONFIGURATION
    assert "SUYUAN_PSEUDONYM_KEY: shorter than 32" in answer.errors
    assert str(short) in answer.errors
    assert "openssl rand" in answer.errors, "what to do"
    assert "too short a key" not in answer.errors
    clean(answer.output + answer.errors)


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


def test_a_corrected_complaint_is_sent_with_a_pseudonym(suyuan, data, tmp_path, clean):
    bad = event("complaint", complainant=PERSON)
    value = encode_event("complaint", parse_event(json.dumps(bad).encode()).event)
    with Log.open(data, role="publish", fsync="never") as log:
        log.create_topic("in.complaint", 1, TopicConfig())
        log.append("in.complaint", 0, [Record(b"k", value)])
    suyuan("run", "--once", own=True)
    edited = tmp_path / "edited.json"
    edited.write_text(json.dumps(bad | {"category": f"quality {PHONE}"}, ensure_ascii=False))
    answer = suyuan("deadletters", "replay", "in.complaint:0:0", "--edit", edited, own=True)
    assert answer.code == 0
    clean(answer.output + answer.errors)
    _, sent = in_log(data)
    assert is_pseudonym(sent["complainant"])
    assert sent["category"] == "quality [电话 phone]"
    assert json.loads(suyuan("run", "--once", "--json", own=True).output)["rows"]["event_complaint"] == 1
