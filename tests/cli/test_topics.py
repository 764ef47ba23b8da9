"""`suyuan topics` on a cluster of its own."""

from __future__ import annotations

import asyncio
import json
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from kafka import KafkaProducer
from kafka.admin import ConfigResource, KafkaAdminClient

from suyuan.connections.kafka import KafkaConnection
from suyuan.errors import SuyuanError
from suyuan.operations.kafka_admin import administration
from suyuan.operations.topics.check import Mismatch, mismatches
from suyuan.operations.topics.create import make_topics
from suyuan.operations.topics.spec import changelog, wanted_topics
from suyuan.runtime.exit_codes import Exit
from suyuan.schemas.events import encode_body
from suyuan.schemas.framing import frame
from suyuan.schemas.kinds import KINDS, SCHEMA_IDS, schema_by_id
from suyuan.schemas.topics import KEYS_MARK, TOPICS
from suyuan.schemas.validation import parse_event
from suyuan.streams.app import StreamApp
from suyuan.streams.topology import TOPOLOGY

FORMER = Path(__file__).parents[1] / "data" / "former"
CHANGELOGS = [changelog(stage.name) for stage in TOPOLOGY]
EVERY = {*(topic.name for topic in TOPICS), KEYS_MARK, *CHANGELOGS}


@pytest.fixture(scope="module")
def cluster(start_broker, tmp_path_factory):
    with start_broker(tmp_path_factory.mktemp("topics") / "broker") as broker:
        yield broker.connection


@pytest.fixture
def admin(cluster):
    client = KafkaAdminClient(**cluster.kafka_python())
    yield client
    client.close()


@pytest.fixture
def empty(cluster, admin):
    """The cluster, without a topic of ours."""
    delete(admin, EVERY)
    return cluster


@pytest.fixture
def command(suyuan, cluster):
    def run(*arguments, **environment):
        return suyuan("topics", *arguments, SUYUAN_KAFKA=cluster.servers[0], **environment)

    return run


def delete(admin, topics):
    admin.delete_topics(sorted(topics), raise_errors=False)
    patience = time.monotonic() + 60
    while topics & set(admin.list_topics()):  # the broker hears of it later
        assert time.monotonic() < patience


def alter(admin, topic, **configs):
    settings = {name.replace("_", "."): str(value) for name, value in configs.items()}
    admin.alter_configs([ConfigResource("TOPIC", topic, settings)])
    asked = [ConfigResource("TOPIC", topic, list(settings))]
    patience = time.monotonic() + 60
    while {
        name: each["value"] for name, each in admin.describe_configs(asked, config_filter="all")["topic"][topic].items()
    } != settings:  # the broker hears of it later
        assert time.monotonic() < patience


def test_the_changelogs_are_those_of_the_stages(tmp_path):
    async def names():
        app = StreamApp("suyuan-embedded://", tmp_path, partitions=1)
        return {state.table.changelog_topic_name for state in app.states.values()}

    assert asyncio.run(names()) == set(CHANGELOGS)


def test_an_empty_cluster_lacks_every_topic(command, empty):
    answer = command("check", "--partitions", "2")
    assert answer.code == Exit.FAILED
    assert set(answer.output.splitlines()) == {f"{name}: missing" for name in EVERY}
    assert {found.topic for found in mismatches(empty, 2)} == EVERY


@pytest.mark.usefixtures("empty")
def test_what_was_made_passes_and_is_not_made_again(command, admin):
    made = command("create", "--partitions", "3", "--json")
    assert (made.code, set(made.row["made"]), made.row["there"]) == (Exit.DONE, EVERY, [])
    assert {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics(sorted(EVERY))} == dict.fromkeys(
        EVERY, 3
    )
    for environment in ({"SUYUAN_PARTITIONS": "3"}, {}):
        checked = command("check", **environment)
        assert (checked.code, checked.output) == (Exit.DONE, "every topic is as it has to be\n")
    assert "in.listing: partitions is 3, not 5\n" in command("check", "--partitions", "5").output
    again = command("create", "--partitions", "3", "--json")
    assert (again.code, again.row["made"], set(again.row["there"])) == (Exit.DONE, [], EVERY)
    assert f"0 topics made with 3 partitions, {len(EVERY)} were there" in command("create", "--partitions", "3").output


def test_a_cluster_of_the_version_before_certificates_lacks_their_topics(empty, command, admin):
    lacking = {"in.certificate", "event.certificate"}
    make_topics(empty, 3)
    delete(admin, lacking)
    checked = command("check")
    assert (checked.code, set(checked.output.splitlines())) == (Exit.FAILED, {f"{name}: missing" for name in lacking})
    made = command("create", "--partitions", "3", "--json")
    assert (made.code, set(made.row["made"])) == (Exit.DONE, lacking)
    assert command("check").code == Exit.DONE


def test_two_may_make_them_at_once(empty):
    with ThreadPoolExecutor(2) as both:
        answers = [each.result() for each in [both.submit(make_topics, empty, 1) for _ in range(2)]]
    assert sorted(name for answer in answers for name in answer.made) == sorted(EVERY)
    assert mismatches(empty, 1) == []


def test_each_mismatch_is_named(command, empty, admin):
    make_topics(empty, 2)
    delete(admin, {"chain"})
    admin.create_topics({"chain": {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True)
    alter(admin, "alert.state", retention_ms=86_400_000, max_message_bytes=1_000_000)
    alter(admin, "in.listing", retention_ms=86_400_000, message_timestamp_type="CreateTime")
    alter(admin, "event.listing", retention_bytes=1 << 30, cleanup_policy="compact")
    alter(admin, CHANGELOGS[0], cleanup_policy="delete", min_compaction_lag_ms=0, delete_retention_ms=1)
    answer = command("check", "--partitions", "2")
    assert answer.code == Exit.FAILED
    assert set(answer.output.splitlines()) == {
        "chain: partitions is 1, not 2",
        "chain: retention.ms is 604800000, not at least 1209600000",
        "chain: max.message.bytes is 25165824, not at least 33554432",
        "chain: message.timestamp.type is CreateTime, not LogAppendTime",
        "alert.state: retention.ms is 86400000, not at least 35164800000",
        "alert.state: max.message.bytes is 1000000, not at least 33554432",
        "in.listing: retention.ms is 86400000, not -1",
        "in.listing: message.timestamp.type is CreateTime, not LogAppendTime",
        "event.listing: retention.bytes is 1073741824, not -1",
        "event.listing: cleanup.policy is compact, not delete",
        f"{CHANGELOGS[0]}: cleanup.policy is delete, not compact",
        f"{CHANGELOGS[0]}: min.compaction.lag.ms is 0, not at least 3600000",
        f"{CHANGELOGS[0]}: delete.retention.ms is 1, not at least 604800000",
    }
    assert set(command("check").output.splitlines()) == set(answer.output.splitlines())
    assert Mismatch("chain", "partitions", "1", "2") in mismatches(empty, 2)
    found = [json.loads(line) for line in command("check", "--partitions", "2", "--json").output.splitlines()]
    assert {"topic": "chain", "what": "partitions", "found": "1", "wanted": "2"} in found
    created = command("create", "--partitions", "2", "--json")
    assert created.code == Exit.FAILED
    assert created.row["made"] == []
    assert len(created.row["mismatches"]) == len(found)


def test_more_than_is_wanted_is_as_good(empty, admin):
    make_topics(empty, 1)
    alter(admin, "alert.state", retention_ms=-1, max_message_bytes=100_000_000)
    alter(admin, CHANGELOGS[0], min_compaction_lag_ms=86_400_000)
    alter(admin, "chain", segment_ms=3_600_000)
    assert mismatches(empty, 1) == []


def test_too_few_replicas_are_named(empty):
    make_topics(empty, 1)
    found = mismatches(empty, 1, replication=3)
    assert {each.topic for each in found} == EVERY
    assert {str(each) for each in found if each.topic == "chain"} == {
        "chain: replication is 1, not at least 3",
        "chain: min.insync.replicas is 1, not at least 2",
    }


@pytest.mark.usefixtures("empty")
def test_a_topic_that_the_brokers_refuse_is_an_error_with_their_reason(command, admin):
    answer = command("create", "--replication", "3")
    assert answer.code == Exit.FAILED
    assert "replication factor of 3 cannot be reached" in answer.errors
    assert not EVERY & set(admin.list_topics())


def test_what_is_kept_for_readers_outlasts_their_absence():
    for topic, wanted in zip(TOPICS, wanted_topics(1), strict=False):
        if topic.compacted:  # the last value of each key, however old
            assert wanted.configs["cleanup.policy"].value == "compact"
            assert "retention.ms" not in wanted.configs
            continue
        kept = int(wanted.configs["retention.ms"].value)
        assert (
            kept == -1 if topic.retention is None else kept >= topic.retention.total_seconds() * 1000 + 7 * 86_400_000
        )


def test_nobody_there(suyuan, monkeypatch):
    monkeypatch.setattr("suyuan.operations.kafka_admin.BOOTSTRAP_MS", 2000)
    for action in ("create", "check"):
        answer = suyuan("topics", action, "--kafka", "127.0.0.1:1")
        assert answer.code == Exit.UNAVAILABLE
        assert "no broker answers at 127.0.0.1:1" in answer.errors
        assert "REFUSED" in answer.errors


def test_without_brokers_named(suyuan):
    answer = suyuan("topics", "check")
    assert (answer.code, answer.errors) == (Exit.BAD_CONFIGURATION, "bad configuration: SUYUAN_KAFKA: missing")


def test_a_broker_that_does_not_speak_tls(cluster):
    connection = KafkaConnection(cluster.servers, tls=True)
    with pytest.raises(SuyuanError, match="Handshake failed"), administration(connection, patience_ms=6000):
        pass


def test_topics_of_a_former_version_are_refused_with_the_remedy_and_exported(suyuan, empty, command, admin, tmp_path):
    """As the former version made them, without the mark; a message is framed as it was."""
    known = [kind for kind in KINDS if kind != "certificate"]
    admin.create_topics(
        {f"in.{kind}": {"num_partitions": 4, "replication_factor": 1} for kind in known}, wait_for_metadata=True
    )
    events = [json.loads(line) for line in (FORMER / "events.jsonl").read_text("utf-8").splitlines()]
    producer = KafkaProducer(**empty.kafka_python(), acks="all")
    for event in [*events, events[0]]:
        value = former_message(event)
        producer.send(f"in.{event['kind']}", value, partition=zlib.crc32(event["event_id"].encode()) % 4)
    producer.send("in.lot", b"{}", partition=0)
    producer.close()
    brokers = {"SUYUAN_KAFKA": empty.servers[0]}
    refusals = [
        command("create", "--partitions", "4"),
        command("check"),
        suyuan("publish", str(FORMER / "events.jsonl"), **brokers),
        suyuan("worker", "--once", own=True, **brokers),
    ]
    for refused in refusals:
        assert refused.code == Exit.BAD_CONFIGURATION, refused.errors
        assert "made by a former version" in refused.errors
        assert "suyuan log export --kafka" in refused.errors
    out = tmp_path / "events.jsonl"
    exported = suyuan("log", "export", "--out", str(out), **brokers)
    assert exported.code == 0, exported.errors
    assert "28 events, 1 repeats left out" in exported.errors
    assert "1 messages are no events" in exported.errors
    assert "there is no topic in.certificate, or none for us: nothing of it is written down" in exported.errors
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert sorted(lines, key=str) == sorted(events, key=str)
    assert suyuan("publish", str(out), "--json", "--data", str(tmp_path / "new")).row["accepted"] == len(events) - 1


def former_message(event):
    """Version 1 of each schema, which the former version knew alone."""
    said = parse_event(json.dumps(event).encode()).event
    (number,) = (number for number, at in SCHEMA_IDS.items() if at == (event["kind"], 1))
    return frame(number, encode_body(schema_by_id(number), said))
