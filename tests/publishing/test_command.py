"""`suyuan publish` to Kafka: the same counts, reasons and exit codes as into a data folder."""

from __future__ import annotations

import json

import pytest

from suyuan.domain.privacy.pseudonym import Pseudonyms
from suyuan.publishing.files import kafka
from suyuan.runtime.exit_codes import Exit
from suyuan.schemas.events import decode_event
from suyuan.simulation.market import Market
from tests.identities import found_in, person
from tests.publishing.test_publisher import listing
from tests.streams.stages.published import event as complaint

KINDS = {"listing", "recall", "lot"}


def jsonl(path, events):
    path.write_text("".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events), encoding="utf-8")
    return path


@pytest.fixture
def publish(suyuan, connection):
    def run(*arguments, **options):
        return suyuan("publish", *arguments, SUYUAN_KAFKA=connection.servers[0], **options)

    return run


def test_a_market_goes_to_kafka_and_nowhere_else(publish, suyuan, data, log, tmp_path):
    events = [event for event in Market(3).events(2_000) if event["kind"] in KINDS]
    distinct = {(event["publisher"], event["event_id"]) for event in events}
    assert len(distinct) < len(events)
    file = jsonl(tmp_path / "market.jsonl", events)
    answer = publish(file, "--json")
    counts = {"accepted": len(distinct), "duplicate": len(events) - len(distinct), "rejected": 0, "errors": []}
    assert answer.code == Exit.DONE
    assert counts_of(answer) == counts
    assert not data.exists()
    stored = [decode_event(record.value)[1] for kind in KINDS for record in log.read(f"in.{kind}")]
    assert {(event["publisher"], event["event_id"]) for event in stored} == distinct
    assert len(stored) == len(distinct)
    assert counts_of(suyuan("publish", file, "--json")) == counts  # into the folder
    assert counts_of(publish(file, "--json")) == counts  # what was published before is told apart later, by intake


def counts_of(answer):
    return {name: answer.row[name] for name in ("accepted", "duplicate", "rejected", "errors")}


def test_keys_are_those_of_the_folder(publish, log, tmp_path):
    publish(jsonl(tmp_path / "a.jsonl", [listing(1, listing_id=" A1 ")]))
    (record,) = log.read("in.listing")
    assert record.key == b"91330106009900005E\x1fA1"


def test_bad_records_are_named_and_the_rest_goes_on(publish, log, tmp_path):
    file = jsonl(tmp_path / "mixed.jsonl", [listing(1), listing(2, status="gone"), listing(3)])
    answer = publish(file, own=True)
    assert (answer.code, answer.output) == (Exit.FAILED, "accepted 2, duplicate 0, rejected 1\n")
    assert f"{file}:2: status: " in answer.errors
    assert len(log.read("in.listing")) == 2


def test_standard_input(publish, log):
    answer = publish("-", "--kind", "listing", stdin=json.dumps(listing()).encode())
    assert (answer.code, answer.output) == (Exit.DONE, "accepted 1, duplicate 0, rejected 0\n")
    assert len(log.read("in.listing")) == 1


def test_names_need_a_key_that_was_given_and_nothing_is_sent_without(publish, data, log, tmp_path):
    who = person()
    named = complaint("complaint", complainant=who.name, category=who.told)
    file = jsonl(tmp_path / "complaints.jsonl", [complaint("complaint"), named])
    answer = publish(file)
    assert answer.code == Exit.BAD_CONFIGURATION
    assert "SUYUAN_PSEUDONYM_KEY_FILE is not set" in answer.errors
    assert log.read("in.complaint") == []
    key = tmp_path / "pseudonym.key"
    key.write_text("k" * 40)
    answer = publish(file, "--json", SUYUAN_PSEUDONYM_KEY_FILE=str(key))
    assert (answer.row["accepted"], answer.row["rejected"]) == (2, 0)
    values = [record.value for record in log.read("in.complaint")]
    assert found_in(b"".join(values), [who]) == []
    assert Pseudonyms(b"k" * 40).of(who.name) in {decode_event(value)[1]["complainant"] for value in values}
    assert not data.exists()


def test_only_so_many_events_are_remembered(publish, monkeypatch, tmp_path):
    monkeypatch.setattr(kafka, "REMEMBERED", 2)
    file = jsonl(tmp_path / "a.jsonl", [listing(number) for number in (1, 2, 2, 3, 1)])
    row = publish(file, "--json").row
    assert (row["accepted"], row["duplicate"]) == (4, 1)


def test_nobody_there(suyuan, tmp_path):
    answer = suyuan("publish", jsonl(tmp_path / "a.jsonl", [listing()]), "--kafka", "127.0.0.1:1", own=True)
    assert answer.code == Exit.UNAVAILABLE
    assert answer.output == "accepted 0, duplicate 0, rejected 0\n"
    (line,) = answer.errors.splitlines()
    assert "no broker lets us in at 127.0.0.1:1" in line


@pytest.mark.real_time
def test_brokers_that_stop_answering_end_it(suyuan, broker, monkeypatch, tmp_path):
    monkeypatch.setattr(kafka, "_PATIENCE_SECONDS", 1.0)
    real = kafka.KafkaOutlet.append

    def append(outlet, *batch):
        broker.pause()
        return real(outlet, *batch)

    monkeypatch.setattr(kafka.KafkaOutlet, "append", append)
    try:
        file = jsonl(tmp_path / "a.jsonl", [listing()])
        answer = suyuan("publish", file, "--kafka", broker.servers[0], "--json")
    finally:
        broker.resume()
    assert answer.code == Exit.UNAVAILABLE
    row = json.loads(answer.output)
    assert row["accepted"] == 0
    assert "1 events were not stored: no answer from the brokers" in row["failure"]
