"""`suyuan doctor` where the log is Kafka and the tables are on a server."""

from __future__ import annotations

import json
import random
import secrets

import pytest

from suyuan.connections.kafka import KafkaConnection
from suyuan.operations.checks import clock, kafka
from suyuan.operations.topics.spec import wanted_topics
from suyuan.operations.webhooks.events import CONTROL, Created, Deleted, encode_subscription
from suyuan.publishing.control import append_control
from suyuan.publishing.publisher import Publisher
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.exit_codes import Exit
from suyuan.runtime.settings import Settings
from suyuan.runtime.webhooks import webhook_seal
from suyuan.sinks.clickhouse import ClickHouse
from suyuan.streams.state.rocks_store import RocksStore
from tests.flips import flip
from tests.publishing.test_publisher import listing
from tests.sinks.front_process import FrontProcess

EVERY = len(list(wanted_topics(1)))


@pytest.fixture
def findings(suyuan, connection):
    """What the doctor finds: check → [(status, detail)], and its exit code."""

    def run(servers=connection.servers[0], partitions=None, **environment):
        counted = {"SUYUAN_PARTITIONS": str(partitions)} if partitions else {}
        answer = suyuan("doctor", "--json", "--kafka", servers, **counted, **environment)
        found = {}
        for row in map(json.loads, answer.output.splitlines()):
            found.setdefault(row["check"], []).append((row["status"], row["detail"]))
        return found, answer.code

    return run


def test_a_cluster_that_is_well(findings, connection):
    with Publisher(connection) as publisher:
        publisher.publish(listing())
    found, code = findings()
    assert code == Exit.DONE
    assert connection.servers[0] in found["kafka"][0][1]
    assert found["topics"] == [("ok", f"{EVERY}, each with 3 partitions, as they have to be")]
    assert found["secrecy"] == [("ok", "plaintext, but only on this machine, as nobody in particular")]
    ((status, detail),) = found["clock"]
    assert status == "ok"
    assert "the newest record in Kafka is of" in detail
    assert any(detail.startswith("aiokafka ") for _, detail in found["version"])
    assert "events" not in found  # those of a data folder


def test_topics_that_are_not_as_they_have_to_be(findings):
    found, code = findings(partitions=5)
    assert code == Exit.FAILED
    assert found["topics"][0] == ("failed", "in.listing: partitions is 3, not 5")
    assert found["topics"][-1] == ("failed", f"{EVERY - 10} more: suyuan topics check")


def test_topics_that_are_missing(findings, start_broker, tmp_path):
    with start_broker(tmp_path / "bare") as bare:
        found, code = findings(bare.servers[0])
    assert code == Exit.FAILED
    ((status, detail),) = found["topics"]
    assert status == "failed"
    assert detail.startswith(f"{EVERY} are missing (in.listing, ")
    assert detail.endswith(", …): suyuan topics create")


def test_brokers_whose_clock_is_ahead(findings, connection, monkeypatch):
    with Publisher(connection) as publisher:
        publisher.publish(listing())
    monkeypatch.setattr(clock, "SLACK_MS", -(10**12))
    found, code = findings()
    assert code == Exit.FAILED
    assert found["clock"][0][0] == "failed"
    assert "set the clocks right" in found["clock"][0][1]


def test_where_nothing_was_published_the_clock_has_nothing_to_be_compared_with():
    assert clock.against_newest(-1).status == "ok"  # what brokers say of a partition without records
    assert "1969" not in clock.against_newest(-1).detail


def test_webhooks_whose_secrets_the_key_here_does_not_open(findings, connection, tmp_path):
    settings = Settings(data=tmp_path, kafka=connection.servers[0], seal_key="x" * 32)
    outlet = deployment_of(settings).outlet
    sealed = webhook_seal(settings).seal("s1", "whsec_AAAA", secrets.token_bytes)
    made = Created("s1", 1, "k1", "k1", "desk", "https://receiver.example/", sealed)
    append_control(outlet, CONTROL, "s1", encode_subscription(made))
    try:
        found, code = findings(SUYUAN_SEAL_KEY="y" * 32)
        ((status, detail),) = found["webhooks"]
        assert (status, code) == ("failed", Exit.FAILED)
        assert detail.startswith("the secrets of 1 of 1 (s1) were sealed by another key")
        found, code = findings()
        ((status, detail),) = found["webhooks"]
        assert (status, code) == ("warning", Exit.DONE)  # a worker's machine has no use for the key
        assert detail.startswith("1 webhook and no key here")
    finally:
        append_control(outlet, CONTROL, "s1", encode_subscription(Deleted("s1", 2, "k1")))


def test_nobody_there(findings, monkeypatch):
    monkeypatch.setattr("suyuan.operations.kafka_admin.BOOTSTRAP_MS", 2000)
    found, code = findings("127.0.0.1:1")
    assert code == Exit.FAILED
    assert found["kafka"][0][1].startswith("no broker answers at 127.0.0.1:1")
    assert "disk" in found  # the rest is looked at all the same


def test_a_configuration_that_is_none(findings):
    found, code = findings(SUYUAN_KAFKA_CA_FILE="ca.pem")
    assert code == Exit.BAD_CONFIGURATION
    assert found["configuration"] == [
        ("failed", "bad configuration: SUYUAN_KAFKA_CA_FILE: given, but TLS is not on: it would not be used")
    ]


def test_secrets_are_not_shown(findings, tmp_path):
    (tmp_path / "password").write_text("hush")
    environment = {"SUYUAN_CLICKHOUSE": "127.0.0.1:1", "SUYUAN_CLICKHOUSE_PASSWORD": "hush"}
    found, code = findings(**environment)
    assert code == Exit.FAILED
    assert found["clickhouse"][0][0] == "failed"
    assert "clickhouse_password=*" in found["configuration"][0][1]
    assert "hush" not in str(found)


def test_who_can_listen_in():
    seen = KafkaConnection(("localhost:9092",), mechanism="PLAIN", username="market", password="hush")  # noqa: S106
    assert kafka._secrecy(seen, ["localhost"]).status == "ok"
    # a tunnel to a broker that names another machine: that one is spoken to
    warning = kafka._secrecy(seen, ["localhost", "kafka-1.example"])
    assert warning.status == "warning"
    assert warning.detail.startswith("plaintext to kafka-1.example, as market: ")
    safe = kafka._secrecy(KafkaConnection(("kafka-1.example:9093",), tls=True), ["kafka-1.example"])
    assert (safe.status, safe.detail) == ("ok", "TLS, as nobody in particular")


def test_the_server_of_the_tables(findings, tmp_path):
    front = FrontProcess(tmp_path / "clickhouse")
    front.start()
    try:
        found, code = findings(SUYUAN_CLICKHOUSE=f"127.0.0.1:{front.port}")
    finally:
        front.kill()
    assert code == Exit.DONE
    ((status, detail),) = found["clickhouse"]
    assert status == "ok"
    assert f"answers at 127.0.0.1:{front.port}" in detail
    assert "ClickHouse says" in found["clock"][1][1]


def test_damaged_tables_on_the_server(findings, tmp_path):
    front = FrontProcess(tmp_path / "clickhouse")
    front.start()
    try:
        with ClickHouse(front.settings) as tables:
            tables.writer.command("CREATE TABLE t (n Int64) ENGINE = MergeTree ORDER BY n")
            for _ in range(2):
                tables.writer.command("INSERT INTO t SELECT number FROM numbers(1000)")
        front.kill()
        damaged, other = sorted((tmp_path / "clickhouse").glob("store/*/*/all_*/data.bin"))[:2]
        front.start()
        found, code = findings(SUYUAN_CLICKHOUSE=f"127.0.0.1:{front.port}")
        assert (code, found["tables"]) == (Exit.DONE, [("ok", "everything read, and as it was written")])
        flip(damaged, random.Random(1))
        found, code = findings(SUYUAN_CLICKHOUSE=f"127.0.0.1:{front.port}")
    finally:
        front.kill()
    assert code == Exit.FAILED
    ((status, detail),) = found["tables"]
    assert status == "failed"
    assert f"table t, part {damaged.parent.name}: " in detail
    assert other.parent.name not in detail
    assert "DROP DATABASE suyuan SYNC, then suyuan state rebuild" in detail


def test_damaged_state_of_a_worker(findings, data):
    store = RocksStore(data / "state" / "v1" / "tables" / "risk-state-0.db")
    store.write_batch([b"a"], [b"1"])
    store.close()
    assert findings()[0]["state"] == [("ok", "1 folders read, and as they were written")]
    next(store.path.glob("MANIFEST-*")).write_bytes(b"damage" * 50)
    found, code = findings()
    assert code == Exit.FAILED
    ((status, detail),) = found["state"]
    assert status == "failed"
    assert f"state {store.path} is damaged" in detail
    store.path.with_name("risk-state-0.db.aside-1").mkdir()
    ((_, detail),) = findings()[0]["state"]
    assert "not for the first time: look at the disk" in detail
    assert "--rebuild-damaged" in detail
