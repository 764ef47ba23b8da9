from __future__ import annotations

import csv
import gzip
import json
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from suyuan.domain.calendar import china_day, days_after
from suyuan.eventlog.errors import LogMissing
from suyuan.eventlog.log import Log
from suyuan.publishing.files.lines import LONGEST
from suyuan.schemas.events import decode_event
from suyuan.simulation.market import Market
from tests import prepared


def listing(number=1, **changed):
    return {
        "kind": "listing",
        "event_id": f"E{number}",
        "publisher": "91330106009900005E",
        "occurred_at": 1_770_000_000_000 + number,
        "platform_code": "91330106009900005E",
        "listing_id": f"I{number}",
        "status": "active",
        "title": "龙井茶",
        "category": "food",
        "seller_code": "91370202005000018L",
        "price_fen": 100,
        "sold_30d": 3,
        **changed,
    }


def jsonl(path, *events):
    path.write_text("".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events), encoding="utf-8")
    return path


def table(path, events, columns=None):
    columns = columns or [name for name in events[0] if name != "kind"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(events)
    return path


def stored(data):
    """Events in the log, by kind."""
    found = {}
    with Log.open(data, role="read") as log:
        for topic in log.topics():
            for partition in range(log.partitions(topic)):
                offset = 0
                while (fetched := log.fetch(topic, partition, offset, max_bytes=1 << 40)).offsets:
                    offset = fetched.offsets[-1] + 1
                    for kind, event in map(decode_event, fetched.values):
                        found.setdefault(kind, []).append(event)
    return found


def found_in(data):
    try:
        return stored(data)
    except LogMissing:
        return {}


def test_a_market_is_stored_whole_and_only_once(suyuan, data, tmp_path):
    events = list(Market(3).events(2_000))
    distinct = {(event["publisher"], event["event_id"]) for event in events}
    file = jsonl(tmp_path / "market.jsonl", *events)
    first, again = suyuan("publish", file, "--json"), suyuan("publish", file, "--json")
    assert (first.code, again.code) == (0, 0)
    said = first.row
    (note,) = said.pop("notes")
    assert "a listing's gtin" in note, "some shops number their goods themselves"
    assert "names no product in the world" in note
    assert said == {
        "accepted": len(distinct),
        "duplicate": 2_000 - len(distinct),
        "rejected": 0,
        "errors": [],
        "reused_id": 0,
    }
    assert again.row["duplicate"] == 2_000
    kept = stored(data)
    assert sum(map(len, kept.values())) == len(distinct)
    assert {kind: len(found) for kind, found in kept.items()}.keys() == {event["kind"] for event in events}


def test_without_json_it_is_one_line_and_the_reasons_go_to_standard_error(suyuan, tmp_path):
    file = jsonl(tmp_path / "a.jsonl", listing(1), listing(2, status="gone"))
    answer = suyuan("publish", file, own=True)
    assert answer.code == 1
    assert answer.output == "accepted 1, duplicate 0, rejected 1\n"
    assert f"{file}:2: status: " in answer.errors


def test_each_bad_record_is_named_and_the_rest_goes_on(suyuan, data, tmp_path):
    good = json.dumps(listing(1)).encode()
    lines = [
        (b"\xff\xfe{", None),
        (b'{"kind": "unheard-of"}', "kind"),
        (b"[1, 2]", None),
        (b'{"event_id": "x"}', "kind"),
        (json.dumps({k: v for k, v in listing(2).items() if k != "title"}).encode(), "title"),
        (json.dumps(listing(3, price_fen="12")).encode(), "price_fen"),
        (json.dumps(listing(4, status="sold")).encode(), "status"),
        (json.dumps(listing(5, occurred_at=10**17)).encode(), "occurred_at"),
        (json.dumps(listing(6, title="x" * LONGEST)).encode(), None),
        (json.dumps(listing(7, title="x" * (20 << 20))).encode(), None),
        (good[:40], None),
        (good.replace(b"I1", b"I\x00"), None),
        (b'{"kind": "listing", "title": "\\ud800"}', None),
    ]
    file = tmp_path / "mixed.jsonl"
    content = b"\n\n"
    numbers = []
    for number, (line, _) in enumerate(lines):
        numbers.append(content.count(b"\n") + 1)
        content += line + b"\r\n" + json.dumps(listing(100 + number)).encode() + b"\n"
    file.write_bytes(content)
    answer = suyuan("publish", file, "--json")
    assert answer.code == 1
    assert answer.row["accepted"] == len(lines)
    assert answer.row["rejected"] == len(lines)
    assert [error["line"] for error in answer.row["errors"]] == numbers
    assert [error["field"] for error, (_, field) in zip(answer.row["errors"], lines, strict=True) if field] == [
        field for _, field in lines if field
    ]
    assert all(error["reason"] and error["file"] == str(file) for error in answer.row["errors"])
    assert {event["listing_id"] for event in stored(data)["listing"]} == {f"I{100 + n}" for n in range(len(lines))}


def test_a_file_that_was_cut_off_says_so(suyuan, tmp_path):
    file = tmp_path / "cut.jsonl"
    file.write_bytes(json.dumps(listing(1)).encode() + b"\n" + json.dumps(listing(2)).encode()[:-30])
    answer = suyuan("publish", file, "--json")
    assert answer.row["accepted"] == 1
    assert answer.row["errors"][0]["line"] == 2
    assert "cut off" in answer.row["errors"][0]["reason"]


def test_all_reasons_go_to_the_errors_file_but_only_a_hundred_into_the_answer(suyuan, tmp_path):
    file = jsonl(tmp_path / "bad.jsonl", *[{"kind": "listing"}] * 250)
    answer = suyuan("publish", file, "--json", "--errors", tmp_path / "why.jsonl")
    assert answer.row["rejected"] == 250
    assert len(answer.row["errors"]) == 100
    assert len((tmp_path / "why.jsonl").read_text().splitlines()) == 250


@pytest.mark.parametrize("name", ["listing.csv", "listings-2026.csv.gz", "Listing_export.CSV", "listing_items_2.csv"])
def test_csv_takes_its_kind_from_the_name_of_the_file(suyuan, data, tmp_path, name):
    events = [listing(n, title='龙井\n"特级", 250g', lot=None) for n in range(1, 4)]
    file = table(tmp_path / "plain.csv", events)
    content = b"\xef\xbb\xbf" + file.read_bytes()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    answer = suyuan("publish", tmp_path / name, "--json")
    assert (answer.code, answer.row["accepted"]) == (0, 3), answer.row
    found = stored(data)["listing"]
    assert {event["title"] for event in found} == {'龙井\n"特级", 250g'}
    assert {event["lot"] for event in found} == {None}
    assert {event["price_fen"] for event in found} == {100}


def test_csv_kind_from_the_option_or_from_a_column(suyuan, tmp_path):
    table(tmp_path / "export.csv", [listing(1)])
    table(tmp_path / "mixed.csv", [listing(2), listing(3, kind="spaceship")], list(listing()))
    assert suyuan("publish", tmp_path / "export.csv", "--kind", "listing", "--json").row["accepted"] == 1
    mixed = suyuan("publish", tmp_path / "mixed.csv", "--json")
    assert (mixed.row["accepted"], mixed.row["rejected"]) == (1, 1)
    assert (mixed.row["errors"][0]["line"], mixed.row["errors"][0]["field"]) == (3, "kind")
    unclear = suyuan("publish", tmp_path / "export.csv", "--json")
    assert unclear.code == 1
    assert "--kind" in unclear.row["errors"][0]["reason"]


def test_a_csv_without_a_needed_column_names_it(suyuan, tmp_path):
    columns = [name for name in listing() if name not in {"kind", "title", "status"}]
    file = table(tmp_path / "listing.csv", [listing(n) for n in range(5)], columns)
    answer = suyuan("publish", file, "--json")
    assert answer.code == 1
    assert (answer.row["accepted"], answer.row["rejected"]) == (0, 5)
    (error,) = answer.row["errors"]
    assert error["line"] == 1
    assert "status, title" in error["reason"]


def test_csv_rows_with_too_few_or_bad_cells_are_named_by_the_line_they_begin_on(suyuan, tmp_path):
    file = table(tmp_path / "listing.csv", [listing(1, title="two\nlines"), listing(2, price_fen="cheap"), listing(3)])
    with file.open("a") as more:
        more.write("only,three,cells\n")
    answer = suyuan("publish", file, "--json")
    assert (answer.row["accepted"], answer.row["rejected"]) == (2, 2)
    assert [(error["line"], error["field"]) for error in answer.row["errors"]] == [
        (4, "price_fen"),
        (6, None),
    ]


def test_lists_and_dates_in_csv(suyuan, data, tmp_path):
    lot = next(event for event in Market(1).events(3_000) if event["kind"] == "lot" and event["inputs"])
    file = table(tmp_path / "lot.csv", [{**lot, "inputs": json.dumps(lot["inputs"])}])
    assert suyuan("publish", file, "--json").row["accepted"] == 1
    (found,) = stored(data)["lot"]
    assert found["inputs"] == lot["inputs"]
    assert found["produced_on"].isoformat() == lot["produced_on"]


def test_unknown_fields_are_left_aside_and_told(suyuan, tmp_path):
    answer = suyuan(
        "publish", jsonl(tmp_path / "a.jsonl", listing(1, colour="red"), listing(2, colour="blue")), "--json"
    )
    assert answer.row["accepted"] == 2
    assert "colour" in answer.errors


def test_standard_input_in_either_format(suyuan, tmp_path):
    lines = jsonl(tmp_path / "a", listing(1), listing(2)).read_bytes()
    rows = table(tmp_path / "b", [listing(3)]).read_bytes()
    assert suyuan("publish", "-", "--json", stdin=lines).row["accepted"] == 2
    assert suyuan("publish", "-", "--json", stdin=gzip.compress(lines)).row["duplicate"] == 2
    assert suyuan("publish", "-", "--kind", "listing", "--json", stdin=rows).row["accepted"] == 1


def test_objects_without_a_kind_take_that_of_the_option(suyuan, tmp_path):
    event = {name: value for name, value in listing(1).items() if name != "kind"}
    assert suyuan("publish", jsonl(tmp_path / "x.jsonl", event), "--kind", "listing", "--json").row["accepted"] == 1


def test_a_slow_pipe_is_stored_as_it_comes(data):
    command = [sys.executable, "-m", "suyuan.cli.main", "publish", "-", "--data", str(data)]
    with prepared.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdin.write(json.dumps(listing(1)).encode() + b"\n")
        process.stdin.flush()
        while not found_in(data):
            assert process.poll() is None
        process.stdin.close()
        assert process.wait(30) == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"<html><table><tr><td>", "HTML"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "a picture"),
        (gzip.compress(json.dumps(listing(1)).encode() * 3)[:60], "not readable to its end"),
        (b"\x1f\x8b\x08\x00garbage", "not readable"),
    ],
    ids=["empty", "a page", "a picture", "gzip cut off", "gzip damaged"],
)
def test_a_file_that_cannot_be_read_counts_as_one_and_the_others_go_on(suyuan, tmp_path, content, reason):
    (tmp_path / "bad.jsonl").write_bytes(content)
    good = jsonl(tmp_path / "good.jsonl", listing(1))
    answer = suyuan("publish", tmp_path / "bad.jsonl", tmp_path, good, "--json")
    assert answer.code == 1
    assert (answer.row["accepted"], answer.row["rejected"]) == (1, 2)
    assert reason in answer.row["errors"][0]["reason"]
    assert "directory" in answer.row["errors"][1]["reason"]


def test_a_name_mistyped_publishes_nothing(suyuan, data, tmp_path):
    answer = suyuan("publish", jsonl(tmp_path / "a.jsonl", listing(1)), "nowhere.jsonl", own=True)
    assert answer.code == 2
    assert "nowhere.jsonl" in answer.errors
    assert not data.exists()


def test_wrong_usage_and_bad_configuration_have_their_codes(suyuan, tmp_path):
    file = jsonl(tmp_path / "a.jsonl", listing(1))
    assert suyuan("publish").code == 2
    assert suyuan("publish", file, "--kind", "nonsense").code == 2
    answer = suyuan("publish", file, SUYUAN_PARTITIONS="many")
    assert answer.code == 3
    assert "SUYUAN_PARTITIONS" in answer.errors


def test_a_folder_that_cannot_be_written():
    """Root may write everywhere, so the process gives root up once everything is imported."""
    script = (
        "import os, sys, suyuan.cli.commands.publish;"
        "import suyuan.publishing.files.embedded, suyuan.runtime.embedded.deployment;"
        "from suyuan.cli.main import main;"
        "os.geteuid() or os.setuid(65534);"
        "sys.argv[0] = 'suyuan'; main()"
    )
    with TemporaryDirectory() as place:
        data = Path(place) / "data"
        data.mkdir()
        Path(place).chmod(0o755)
        data.chmod(0o555)
        done = prepared.run(
            [sys.executable, "-c", script, "publish", "-", "--json", "--data", str(data)],
            input=json.dumps(listing(1)).encode(),
            capture_output=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 3, done.stderr
        assert str(data) in done.stderr.decode()
        assert b"Traceback" not in done.stderr
        assert json.loads(done.stdout)["accepted"] == 0
        assert list(data.iterdir()) == []


def test_a_data_folder_that_is_a_file(suyuan, data, tmp_path):
    data.write_text("not a folder")
    answer = suyuan("publish", jsonl(tmp_path / "a.jsonl", listing(1)), "--json")
    assert answer.code in {1, 3}
    assert str(data) in answer.errors
    assert data.read_text() == "not a folder"


def test_a_folder_of_a_newer_version_is_left_alone(suyuan, data, tmp_path):
    file = jsonl(tmp_path / "a.jsonl", listing(1))
    suyuan("publish", file)
    with sqlite3.connect(data / "log" / "log.sqlite") as connection:
        connection.execute("UPDATE format SET version = 99")
    connection.close()
    answer = suyuan("publish", file, "--json")
    assert answer.code == 3
    assert "newer" in answer.errors
    assert answer.row["accepted"] == 0


def test_a_full_disk_ends_it_with_what_was_stored_before(data, tmp_path):
    """A limit on the size of files stands in for the disk: SQLite meets it in the same places."""
    events = [listing(n, title=os.urandom(300).hex()) for n in range(20_000)]
    file = jsonl(tmp_path / "a.jsonl", *events)
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, 4 << 20));"
        "from suyuan.cli.main import main; sys.argv[0] = 'suyuan'; main()"
    )
    command = [sys.executable, "-c", script, "publish", str(file), "--json", "--data", str(data)]
    done = prepared.run(command, capture_output=True, check=False, timeout=120)
    assert done.returncode == 1, done.stderr
    assert b"Traceback" not in done.stderr
    answer = json.loads(done.stdout)
    assert 0 < answer["accepted"] < 20_000
    assert len(stored(data)["listing"]) >= answer["accepted"]
    retried = prepared.run(
        [sys.executable, "-m", "suyuan.cli.main", *command[3:]], capture_output=True, check=True, timeout=120
    )
    answer = json.loads(retried.stdout)
    assert answer["accepted"] + answer["duplicate"] == 20_000
    assert len(stored(data)["listing"]) == 20_000


def test_what_the_rules_refuse_is_told_by_field_and_never_stored(suyuan, tmp_path, data):
    tomorrow = days_after(china_day(time.time_ns() // 1_000_000), 1)
    day = {"kind": "day", "publisher": "SUYUAN", "occurred_at": 1_790_000_000_000}
    refused = [
        (listing(1) | {"event_id": " \u200b"}, "event_id", "is missing"),
        (listing(2) | {"publisher": "\u3000"}, "publisher", "is missing"),
        (day | {"event_id": "far", "date": "9999-12-31"}, "date", str(days_after(tomorrow, -1))),
        (day | {"event_id": "next", "date": str(days_after(tomorrow, 2))}, "date", "more than a day after"),
        (
            day | {"event_id": "not ours", "publisher": "P", "date": "2026-01-01"},
            "publisher",
            "only the running system",
        ),
    ]
    good = [listing(3), day | {"event_id": "tomorrow", "date": str(tomorrow)}]
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in [*(each for each, *_ in refused), *good]))
    answer = suyuan("publish", file, "--json")
    assert (answer.code, answer.row["accepted"], answer.row["rejected"]) == (1, 2, len(refused))
    for number, ((_, field, reason), told) in enumerate(zip(refused, answer.row["errors"], strict=True), 1):
        assert (told["line"], told["field"]) == (number, field)
        assert reason in told["reason"]
    with Log.open(data, role="read") as log:
        assert sum(log.end_offsets().values()) == 2


def test_lines_and_cells_that_are_nested_without_an_end_are_refused(suyuan, tmp_path):
    deep = "[" * 100_000
    file = tmp_path / "lots.jsonl"
    closed = deep + "]" * 100_000
    file.write_text(f'{deep}\n{{"kind": "lot", "inputs": {deep}\n{{"x": {closed}, "kind": "lot"}}\n')
    table = tmp_path / "recalls.csv"
    table.write_text("event_id,publisher,occurred_at,recall_no,producer_code,gtin,lots,level,reason,status\n")
    with table.open("a") as out:
        out.write(f'E,P,1,R,C,06901234567892,"{deep}",1,x,open\n')
    for name, count in ((file, 3), (table, 1)):
        answer = suyuan("publish", name, "--json", own=True)
        assert (answer.code, answer.row["accepted"], answer.row["rejected"]) == (1, 0, count)
        assert all("deep" in told["reason"] or "JSON" in told["reason"] for told in answer.row["errors"])


def test_an_event_id_that_says_two_things_is_told_and_nothing_of_it_is_lost(suyuan):
    said = {"kind": "entity", "event_id": "1", "publisher": "P", "occurred_at": 1_790_000_000_000, "status": "active"}
    rows = [said | {"code": "913301060099000026", "name": name} for name in ("甲", "乙", "甲")]
    lines = "\n".join(json.dumps(row) for row in rows).encode()
    answer = suyuan("publish", "-", "--json", stdin=lines)
    assert (answer.row["accepted"], answer.row["duplicate"], answer.row["reused_id"]) == (2, 1, 1)
    assert "reused_id 1" in answer.errors
    again = suyuan("publish", "-", "--json", stdin=lines + b"\n" + json.dumps(rows[0] | {"name": "丙"}).encode())
    assert (again.row["accepted"], again.row["duplicate"], again.row["reused_id"]) == (1, 3, 1)
    other = rows[0] | {"name": "丁", "event_id": "2"}
    other = suyuan("publish", "-", "--json", stdin=json.dumps(other).encode())
    assert other.row.get("reused_id") == 0


def test_a_cell_that_looks_spoilt_is_accepted_and_told(suyuan, data, tmp_path):
    spoilt = [listing(n, producer_code="9.13301E+17", gtin="/") for n in range(3)]
    answer = suyuan("publish", jsonl(tmp_path / "events.jsonl", *spoilt, listing(9)))
    assert answer.code == 0
    assert len(stored(data)["listing"]) == 4
    assert "a listing's producer_code ('9.13301E+17' at" in answer.errors
    assert "events.jsonl:1" in answer.errors
    assert "a rounded number, as it seems: export the column as text; accepted, 3 of them" in answer.errors


def test_a_record_that_could_never_match_is_refused_with_the_remedy(suyuan, data, tmp_path):
    recall = {"kind": "recall", "event_id": "R1", "publisher": "P", "occurred_at": 1_770_000_000_000}
    recall |= {"recall_no": "1", "producer_code": "91330106009900005E", "gtin": "6903379001194", "lots": []}
    recall |= {"level": 1, "reason": "r", "status": "open"}
    wrong = [
        ({"lots": ["全部批次"]}, "lots"),
        ({"gtin": "6.90338E+12"}, "gtin"),
        ({"occurred_at": 46063}, "occurred_at"),
    ]
    records = [recall | other | {"event_id": f"R{number}"} for number, (other, _) in enumerate(wrong)]
    answer = suyuan("publish", jsonl(tmp_path / "events.jsonl", *records, recall | {"event_id": "R9"}), "--json")
    assert (answer.code, answer.row["accepted"], answer.row["rejected"]) == (1, 1, len(wrong))
    assert [error["field"] for error in answer.row["errors"]] == [field for _, field in wrong]
    assert "write nothing (an empty list) for every lot" in answer.row["errors"][0]["reason"]
    assert "export the column as text" in answer.row["errors"][1]["reason"]
    assert [event["event_id"] for event in stored(data)["recall"]] == ["R9"]
