"""The brokers of `deploy/kafka`: what a person and the fault tests rely on."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError

from tests.brokers import SCRIPT, kafka

pytestmark = pytest.mark.real_time

PATIENCE_MS = 60_000
MIB = 1024 * 1024


def create(broker, topic, **options):
    admin = KafkaAdminClient(**broker.connection.kafka_python())
    try:
        admin.create_topics([NewTopic(topic, **{"num_partitions": 1, "replication_factor": 1} | options)])
    finally:
        admin.close()


def produce(broker, topic, *values):
    """Acknowledged when it returns."""
    connection = broker.connection.kafka_python()
    producer = KafkaProducer(**connection, acks="all", max_request_size=24 * MIB, max_block_ms=PATIENCE_MS)
    try:
        for each in [producer.send(topic, value) for value in values]:
            each.get(timeout=PATIENCE_MS / 1000)
    finally:
        producer.close()


def consume(broker, topic, count):
    """As a group, which begins at the topic's beginning."""
    consumer = KafkaConsumer(
        topic,
        group_id=f"readers-{topic}",
        auto_offset_reset="earliest",
        consumer_timeout_ms=PATIENCE_MS,
        **broker.connection.kafka_python(),
    )
    try:
        return [next(consumer).value for _ in range(count)]
    finally:
        consumer.close()


def status(broker, expect=0):
    """The states in order of ids."""
    script = [sys.executable, SCRIPT, "status", "--folder", broker.folder]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == expect
    return [line.split("  ")[2] for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def broker_of_all(start_broker, tmp_path_factory):
    with start_broker(tmp_path_factory.mktemp("brokers") / "溯源 of a person") as broker:
        yield broker


@pytest.fixture
def broker(broker_of_all):
    """Runs, whatever the test before left behind."""
    broker_of_all.restart()
    return broker_of_all


@pytest.fixture
def tool_path(tmp_path):
    """A folder that is to be the whole PATH: only what a test lays there can be found."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def stand_in(folder, name, says):
    (folder / name).write_text(f"#!/bin/sh\n{says}\n")
    (folder / name).chmod(0o755)


def test_a_broker_starts_with_the_classes_that_were_loaded_once(broker):
    pid = (broker.folder / "1" / "pid").read_text().strip()
    assert re.search(r"/suyuan/kafka-.*/classes-\w+\.jsa$", Path(f"/proc/{pid}/maps").read_text(), re.MULTILINE)


def test_a_broker_without_tls_has_javas_first_compiler_alone(broker):
    (pid,) = (int(path.read_text()) for path in Path(broker.folder).glob("*/pid"))
    assert b"-XX:TieredStopAtLevel=1" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_the_next_start_goes_on_with_topics_records_and_ports(broker, topic_prefix, end):
    topic = f"{topic_prefix}kept"
    create(broker, topic)
    produce(broker, topic, b"before")
    servers = broker.servers

    getattr(broker, end)()
    assert status(broker, expect=3) == ["stopped"]
    broker.restart()

    assert status(broker) == ["answers"]
    produce(broker, topic, b"after")
    assert consume(broker, topic, 2) == [b"before", b"after"]
    assert broker.servers == servers


def test_a_paused_broker_does_not_answer_and_goes_on_when_resumed(broker):
    create(broker, "held-up")
    broker.pause()
    try:
        (state,) = status(broker, expect=3)
    finally:
        broker.resume()
    assert state.startswith("does not answer")
    produce(broker, "held-up", b"later")
    assert consume(broker, "held-up", 1) == [b"later"]


def test_a_paused_broker_can_be_stopped(broker):
    broker.pause()
    broker.stop()
    assert status(broker, expect=3) == ["stopped"]


def test_messages_up_to_twenty_mebibytes_pass(broker):
    create(broker, "large")
    sizes = [MIB - 1, MIB + 1, 20 * MIB]
    produce(broker, "large", *map(bytes, sizes))
    assert list(map(len, consume(broker, "large", 3))) == sizes


def test_a_misspelt_topic_is_not_made(broker):
    producer = KafkaProducer(**broker.connection.kafka_python(), max_block_ms=2_000)
    with pytest.raises(KafkaError):
        producer.send("mispelt", b"lost").get(timeout=PATIENCE_MS / 1000)
    producer.close()


def test_only_loopback_is_listened_on(broker):
    host, port = broker.servers[0].split(":")
    assert host == "127.0.0.1"
    with socket.create_connection((host, int(port))):
        pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", int(port)))


def test_starts_at_once_make_one_broker(broker):
    broker.stop()
    with ThreadPoolExecutor() as threads:
        list(threads.map(lambda _: broker.restart(), range(2)))
    broker.kill()  # the one that the pid file names
    assert status(broker, expect=3) == ["stopped"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(broker.servers[0].split(":"))


def test_a_pid_that_has_gone_to_another_process_is_left_alone(broker):
    broker.stop()
    with subprocess.Popen(["sleep", "600"]) as other:
        (broker.folder / "1" / "pid").write_text(str(other.pid))
        broker.stop()
        assert status(broker, expect=3) == ["stopped"]
        assert other.poll() is None
        other.kill()


@pytest.mark.usefixtures("start_broker")
def test_no_broker_outlives_the_process_that_holds_it(tmp_path):
    holds = (
        "import sys; from tests.brokers import Broker\n"
        "with Broker.start(sys.argv[1]) as broker:\n"
        "    print(*broker.servers, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", holds, tmp_path / "broker"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=SCRIPT.parents[2], text=True, **pipes) as holder:
        host, port = holder.stdout.readline().strip().split(":")
        with socket.create_connection((host, int(port))) as connection:
            holder.kill()
            connection.settimeout(PATIENCE_MS / 1000)
            assert connection.recv(1) == b""  # the broker closed it


def test_three_brokers_replicate_and_live_through_the_loss_of_one(start_broker, tmp_path):
    with start_broker(tmp_path / "cluster", brokers=3) as cluster:
        assert status(cluster) == ["answers"] * 3
        create(cluster, "replicated", replication_factor=3, topic_configs={"min.insync.replicas": "2"})
        produce(cluster, "replicated", b"three")
        cluster.kill(1)
        assert status(cluster, expect=3) == ["stopped", "answers", "answers"]
        produce(cluster, "replicated", b"two")
        cluster.restart()
        cluster.stop(2)
        assert consume(cluster, "replicated", 2) == [b"three", b"two"]


def test_another_cluster_in_the_same_folder_is_refused(broker):
    errors = kafka("start", "--folder", broker.folder, "--brokers", 3, expect=1)
    assert "holds a cluster of 1" in errors
    assert status(broker) == ["answers"]


def test_wipe_removes_a_cluster_and_nothing_else(start_broker, tmp_path):
    with start_broker(tmp_path / "broker") as broker:
        kafka("wipe", "--folder", broker.folder)
        assert not broker.folder.exists()

    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("dear")
    for command in ("wipe", "start"):
        assert "no brokers of ours" in kafka(command, "--folder", tmp_path / "letters", expect=1)
    assert (tmp_path / "letters" / "dear.txt").exists()


@pytest.mark.usefixtures("start_broker")
def test_a_port_in_use_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        errors = kafka("start", "--folder", tmp_path / "broker", "--port", port, expect=1)
        assert f"port {port} on 127.0.0.1 is in use" in errors
        # and what was asked for in vain is not what the folder is bound to
        kafka("start", "--folder", tmp_path / "broker", "--port", 0)
    kafka("wipe", "--folder", tmp_path / "broker")


@pytest.mark.usefixtures("start_broker")
def test_a_broker_that_dies_shows_the_end_of_its_log(tmp_path):
    errors = kafka("start", "--folder", tmp_path / "broker", "--port", 0, "--heap", "1k", expect=1)
    assert "broker 1 ended while it was starting" in errors
    assert "Too small maximum heap" in errors


@pytest.mark.usefixtures("start_broker")
def test_an_interrupted_start_leaves_nothing_running(tmp_path):
    command = [sys.executable, SCRIPT, "start", "--folder", tmp_path / "broker", "--port", "0"]
    with subprocess.Popen(command) as start:
        while not (tmp_path / "broker" / "1" / "pid").exists():
            assert start.poll() is None
        start.send_signal(signal.SIGINT)
        assert start.wait() == 130
    states = subprocess.run(
        [sys.executable, SCRIPT, "status", "--folder", tmp_path / "broker"], capture_output=True, text=True, check=False
    )
    assert "stopped" in states.stdout


@pytest.mark.parametrize(
    ("java", "says"),
    [
        (None, "there is no `java` on the PATH"),
        ("""echo 'openjdk version "11.0.2" 2019-01-15' >&2""", "Java 17 or later; "),
        ("true", "does not say its version"),
    ],
)
def test_without_a_java_that_fits_it_says_so(tmp_path, tool_path, monkeypatch, java, says):
    monkeypatch.setenv("PATH", str(tool_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    if java:
        stand_in(tool_path, "java", java)
    assert says in kafka("start", "--folder", tmp_path / "broker", expect=1)
    assert not (tmp_path / "broker").exists()


@pytest.mark.parametrize(
    ("maven", "says"),
    [
        (None, "there is no `mvn` on the PATH"),
        ("echo '[ERROR] central is away'; exit 1", "[ERROR] central is away"),
    ],
)
def test_when_the_jars_cannot_be_fetched_it_says_why(tmp_path, tool_path, monkeypatch, maven, says):
    (tool_path / "java").symlink_to(shutil.which("java"))
    if maven:
        stand_in(tool_path, "mvn", maven)
    monkeypatch.setenv("PATH", str(tool_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for _ in range(2):  # a fetch that failed is not taken for one that is done
        assert says in kafka("start", "--folder", tmp_path / "broker", expect=1)


def test_the_jars_are_fetched_once(tmp_path, tool_path, monkeypatch):
    laid = tmp_path / "times"
    stand_in(tool_path, "java", """echo 'openjdk version "21.0.1" 2023-10-17' >&2""")
    stand_in(tool_path, "mvn", f'echo once >> {laid}; for last; do :; done; /bin/mkdir -p "${{last#*=}}"')
    monkeypatch.setenv("PATH", str(tool_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with ThreadPoolExecutor() as threads:
        assert len(set(threads.map(lambda _: kafka("fetch"), range(3)))) == 1
    assert laid.read_text().split() == ["once"]


def test_the_java_of_java_home_goes_before_the_path(tmp_path, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert f"JAVA_HOME={tmp_path} holds no bin/java" in kafka("start", "--folder", tmp_path / "broker", expect=1)
