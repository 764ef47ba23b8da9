"""Fault 30: people complain by every door, with their names and numbers; nothing that the system keeps or says leads to
them. What somebody writes to a topic past the doors is in that topic, and in nothing that is made of it.
"""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import subprocess
import sys

import httpx
import pytest

from suyuan.domain.privacy.pseudonym import is_pseudonym
from suyuan.domain.privacy.scrub import BANK_NUMBER, IDENTITY_NUMBER, PHONE
from suyuan.eventlog.log import Log, Record
from suyuan.schemas.events import encode_event
from suyuan.schemas.validation import parse_event
from tests import prepared
from tests.cli.test_files import sheet, workbook
from tests.cli.test_persons import DUMP
from tests.end_to_end.conftest import COMMAND
from tests.identities import found_in, person
from tests.portal.processes import Started
from tests.streams.stages.published import event

PATIENCE = 120.0


class Complaints:
    """Events of one door, the people in them, and a word by which its events are found again."""

    def __init__(self, door):
        self.mark = f"MARK{door}"
        self.people = []
        self.events = []

    def add(self, kind, **fields):
        number = len(self.events)
        at = {"event_id": f"{self.mark}-{number}", "occurred_at": f"2026-03-01T08:00:{number:02}+08:00"}
        self.events.append(event(kind) | at | fields)

    def fill(self):
        """A name, a telephone and an identity number as who complained; all of it in texts; rows that are refused."""
        for said in ("name", "phone", "identity"):
            who = person()
            self.people.append(who)
            number = f"{self.mark}-{said}"
            self.add("complaint", complaint_no=number, complainant=getattr(who, said), category=who.told)
        who = person()
        self.people.append(who)
        self.add("recall", recall_no=self.mark, reason=f"投诉人：{who.told}")
        self.add("penalty", decision_no=self.mark, ground=f"举报人：{who.told}")
        bad = person()
        self.people.append(bad)
        self.add("complaint", complaint_no="", complainant=bad.name, category=bad.told)
        self.add("complaint", channel=bad.phone, complainant=bad.name, category=bad.told)
        self.add("recall", level=9, recall_no=f"{self.mark}-bad", reason=bad.told)
        self.add("penalty", amount_fen=bad.phone + "x", ground=bad.told)
        return self

    def objects(self):
        return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in self.events).encode()

    def tables(self):
        """{kind: rows with a header}."""
        rows = {}
        for each in self.events:
            fields = {name: ";".join(v) if isinstance(v, list) else v for name, v in each.items() if name != "kind"}
            header, *_ = rows.setdefault(each["kind"], [list(fields)])
            rows[each["kind"]].append([fields.get(name, "") for name in header])
        return rows

    def csv(self, kind):
        written = io.StringIO()
        csv.writer(written, lineterminator="\n").writerows(self.tables()[kind])
        return written.getvalue()


SAME = person()
"""who complains by two doors, spelt in two ways"""
DOORS = ("csv", "gbk", "xlsx", "jsonl", "api", "upload", "straight")


class System:
    """A folder, and what was said of it: by commands and the portal, by word."""

    def __init__(self, folder):
        self.folder, self.data, self.said = folder, folder / "data", {}
        self.run = Started(self.data, "run", SUYUAN_DEAD_LETTER_FILES=str(folder / "letters"))
        self.doors = {name: Complaints(name).fill() for name in DOORS}
        self.doors["csv"].add("complaint", complaint_no="again", complainant=SAME.name)
        self.doors["api"].add("complaint", complaint_no="again", complainant=f" {SAME.name[0]}\u3000{SAME.name[1:]} ")
        self.people = [SAME, *(each for name in DOORS[:-1] for each in self.doors[name].people)]
        self.outsiders = self.doors["straight"].people

    def command(self, *arguments, codes=(0,)):
        environment = self.run._environment
        words = [*COMMAND, *map(str, arguments)]
        done = prepared.run(words, capture_output=True, check=False, timeout=240, env=environment)
        self.said[" ".join(words[3:])] = done.stdout + done.stderr
        assert done.returncode in codes, done.stderr
        return done.stdout

    def ask(self, method, path, **given):
        answer = httpx.request(
            method, self.run.url + path, headers=self.key, timeout=PATIENCE, trust_env=False, **given
        )
        self.said[f"{method} {path} {len(self.said)}"] = answer.content
        return answer

    def publish_files(self):
        refused = self.folder / "refused"
        inputs = self.folder / "inputs"
        inputs.mkdir()
        for kind in ("complaint", "recall", "penalty"):
            table, gbk, book = (inputs / f"{kind}{end}" for end in (".csv", "-gbk.csv", ".xlsx"))
            table.write_text(self.doors["csv"].csv(kind), encoding="utf-8")
            gbk.write_text(self.doors["gbk"].csv(kind), encoding="gb18030")
            workbook(book, a=sheet(*(list(map(str, row)) for row in self.doors["xlsx"].tables()[kind])))
            for file in (table, gbk, book):
                more = ("--encoding", "gb18030") if file == gbk else ()
                self.command("publish", file, "--kind", kind, "--errors", refused, *more, codes=(1,))
                self.said[f"refused rows of {file.name}"] = refused.read_bytes()
        objects = inputs / "events.jsonl"
        objects.write_bytes(self.doors["jsonl"].objects())
        self.command("publish", "--check", objects, codes=(1,))
        answer = self.command("publish", objects, "--errors", refused, "--json", codes=(1,))
        assert (json.loads(answer)["accepted"], json.loads(answer)["rejected"]) == (5, 4)
        self.said["refused objects"] = refused.read_bytes()

    def append_past_the_doors(self):
        """Complaints alone: a recall counts whatever is in its reason."""
        events = [each for each in self.doors["straight"].events if each["kind"] == "complaint"][:3]
        events.append(events[0] | {"complainant": "p" + "0" * 32, "event_id": "MARKstraight-text"})
        values = [encode_event("complaint", parse_event(json.dumps(each).encode()).event) for each in events]
        with Log.open(self.data, role="publish", fsync="never") as log:
            keys = [self.outsiders[0].name.encode()] * 5
            log.append("in.complaint", 0, list(map(Record, keys, [*values, b"\0" + values[0]])))

    def send(self):
        """To the portal, beside the run."""
        grant = ("access", "grant", "--role", "regulator", "--division", "", "--name", "desk", "--json")
        self.key = {"Authorization": f"Bearer {json.loads(self.command(*grant))['key']}"}
        self.run.start()
        try:
            self.run.wait(lambda: self.run.answers() and self.ask("GET", "/api/v1/alerts").status_code == 200)
            answer = self.ask("POST", "/api/v1/events", content=self.doors["api"].objects()).json()
            assert (answer["accepted"], answer["rejected"]) == (6, 4), answer
            door = self.doors["upload"]
            report = self.upload(f"{door.people[0].phone}.jsonl", door.objects())
            assert (report["accepted"], report["rejected"]) == (5, 4), report
            for kind in ("complaint", "recall", "penalty"):  # the same once more, as tables
                report = self.upload(f"{kind}.csv.gz", gzip.compress(door.csv(kind).encode()))
                assert (report["accepted"], report["rejected"] > 0) == (0, True), report
            for path in ("uploads", "rejections", "alerts", "chains"):
                self.ask("GET", f"/api/v1/{path}")
        finally:
            self.run.stop()
        self.said["log of the processes"] = self.run.said().encode()

    def upload(self, name, content):
        where = self.ask("POST", f"/api/v1/uploads?name={name}", content=content).headers["location"]
        self.run.wait(lambda: self.ask("GET", where).json()["over"])
        assert self.ask("GET", f"{where}/errors.csv").status_code == 200
        return self.ask("GET", where).json()

    def look(self):
        """By every command that shows what came in."""
        self.command("run", "--once", "--json")
        letters = self.command("deadletters", "--json").splitlines()
        assert len(letters) == 5
        for letter in letters:
            self.command("deadletters", "show", json.loads(letter)["id"], "--json")
            self.command("deadletters", "show", json.loads(letter)["id"], "--as", "raw", codes=(1,))
        publisher = self.doors["csv"].events[0]["publisher"]
        self.command("event", f"complaint/{publisher}/MARKcsv-0")
        self.command("event", f"complaint/{publisher}/MARKstraight-0", "--raw", codes=(1,))
        self.command("find", "MARKcsv-name", "--json", codes=(0, 1))
        for words in (("deadletters",), ("chains", "--json"), ("alerts", "--json"), ("doctor", "--json")):
            self.command(*words, codes=(0, 1))
        self.exported = [json.loads(line) for line in self.command("log", "export").splitlines()]
        tables = prepared.run(
            [sys.executable, "-c", DUMP, str(self.data)], capture_output=True, check=True, timeout=240
        )
        self.said["all tables"] = tables.stdout


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    """A system into which people came by every door, and which has ended."""
    made = System(tmp_path_factory.mktemp("identities"))
    made.publish_files()
    made.append_past_the_doors()
    made.send()
    made.look()
    return made


@pytest.mark.real_time
def test_nothing_that_is_said_leads_to_anybody(system):
    everybody = [*system.people, *system.outsiders]
    assert {words: found for words, held in system.said.items() if (found := found_in(held, everybody))} == {}
    assert b"MARKcsv-name" in system.said["all tables"], "that is where complaints are"


@pytest.mark.real_time
def test_nothing_that_is_kept_leads_to_anybody(system):
    places = [path for part in ("data", "letters") for path in (system.folder / part).rglob("*") if path.is_file()]
    assert len(places) > 20
    for path in places:
        past_the_doors = path.is_relative_to(system.data / "log")
        held = path.read_bytes()
        assert found_in(held, system.people) == [], path
        assert past_the_doors or found_in(held, system.outsiders) == [], path
    assert not [path for path in places if path.name == "file" and "uploads" in path.parts], "what was uploaded is gone"


@pytest.mark.real_time
def test_what_came_past_the_doors_is_in_its_topic_alone(system):
    said = {}
    with Log.open(system.data, role="read") as log:
        for topic in log.topics():
            for partition in range(log.partitions(topic)):
                records = log.fetch(topic, partition, 0, 100_000, 1 << 28)
                held = b"".join(value or b"" for value in (*records.keys, *records.values))
                assert found_in(held, system.people) == [], topic
                said[topic] = found_in(held, system.outsiders)
    assert [topic for topic, found in said.items() if found] == ["in.complaint"]


@pytest.mark.real_time
def test_nobody_is_in_a_backup(system, tmp_path):
    packed = tmp_path / "suyuan-backup.tar.gz"
    subprocess.run(["tar", "-czf", packed, "-C", system.data, "."], check=True)  # as the page on backups has it
    assert found_in(gzip.decompress(packed.read_bytes()), system.people) == []


@pytest.mark.real_time
def test_what_is_left_of_them_serves_its_purpose(system):
    complaints = {each["event_id"]: each for each in system.exported if each["kind"] == "complaint"}
    assert len(complaints) == 3 * 6 + 2
    assert all(is_pseudonym(each["complainant"]) for each in complaints.values())
    made = [each["complainant"] for each in complaints.values()]
    assert len(set(made)) == len(made) - 1
    assert complaints["MARKcsv-9"]["complainant"] == complaints["MARKapi-9"]["complainant"], "spelt in two ways"
    texts = [each["category"] for name, each in complaints.items() if not name.endswith("-9")]
    texts += [each.get("reason") or each["ground"] for each in system.exported if each["kind"] in {"recall", "penalty"}]
    assert len(texts) == 6 * 5
    for text in texts:
        assert text.endswith(f"退款到{BANK_NUMBER}，身份证{IDENTITY_NUMBER}，电话{PHONE}或 {PHONE}")


def test_the_search_finds_what_is_hidden_in_any_way():
    who = person()
    for text in who[:4]:
        plain = text.encode()
        for held in (
            plain,
            plain.hex().encode(),
            base64.b64encode(b"ab" + plain),
            text.encode("utf-16"),
            text.encode("gbk"),
        ):
            assert found_in(b"x" + held + b"y", [who]) == [text]
        assert found_in(json.dumps(text).encode(), [who]) == [text]
    assert found_in(who.name[:-1].encode(), [who]) == []
