"""Both client libraries against a broker with TLS, SASL/SCRAM and mTLS."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from dataclasses import replace

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError as AiokafkaError
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError

from tests.brokers import SCRIPT

pytestmark = pytest.mark.real_time

PATIENCE = 60
WRONG = "correct-horse-battery-staple"


@pytest.fixture(scope="module")
def secured(start_broker, tmp_path_factory):
    with start_broker(tmp_path_factory.mktemp("secured") / "broker", secure=True) as broker:
        yield broker


def make(code, folder):
    """What Python prints that runs `code` with the modules of deploy/kafka and a folder."""
    code = f"import sys; from pathlib import Path; folder = Path(sys.argv[1]); {code}"
    done = subprocess.run([sys.executable, "-c", code, folder], cwd=SCRIPT.parent, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode()


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """What another cluster is protected with: an authority of the same name, and all that it signed."""
    folder = tmp_path_factory.mktemp("stranger")
    make("from kraft.security import Security; Security(folder).create()", folder)
    return folder / "security"


def stranger_token(stranger, lifetime):
    return make(f"from kraft.security import Security; print(Security(folder).token({lifetime}))", stranger.parent)


@pytest.fixture(params=["password", "token", "certificate"])
def accepted(request, secured, tmp_path):
    """A connection that the broker must accept."""
    if request.param == "certificate":
        return secured.mutual_connection
    return secured.connection if request.param == "password" else with_token(secured, tmp_path, secured.token())


def with_token(secured, folder, token):
    (folder / "token").write_text(token)
    said = {"mechanism": "OAUTHBEARER", "username": None, "password": None, "token_file": folder / "token"}
    return replace(secured.connection, **said)


@pytest.fixture
def topic(secured, topic_prefix):
    admin = KafkaAdminClient(**secured.connection.kafka_python())
    admin.create_topics([NewTopic(f"{topic_prefix}topic", num_partitions=1, replication_factor=1)])
    admin.close()
    return f"{topic_prefix}topic"


# what a connection says that must be refused · what aiokafka, what kafka-python gives as the reason
REFUSED = {
    "wrong password": ({"password": WRONG}, "invalid credentials", "invalid credentials"),
    "unknown user": ({"username": "nobody"}, "invalid credentials", "invalid credentials"),
    "no user": ({"mechanism": None, "username": None, "password": None}, "closed", "disconnected"),
    "another mechanism": ({"mechanism": "PLAIN"}, "UnsupportedSaslMechanism", "UnsupportedSaslMechanism"),
    "no TLS": ({"tls": False, "ca_file": None}, "closed", "Invalid frame length"),
    "broker of another authority": ({"ca_file": "ca.pem"}, "certificate verify failed", "certificate verify failed"),
    # who refuses here is the broker; aiokafka sees no more than the end of the connection
    "certificate of another authority": ({"certificate_file": "client.pem"}, "closed", "alert certificate unknown"),
    "no certificate": ({"certificate_file": None}, "closed", "alert bad certificate"),
    "expired token": ({"lifetime": -3600}, "invalid_token", "invalid_token"),
    "token of another authority": ({"lifetime": 3600}, "invalid_token", "invalid_token"),
}


@pytest.fixture(params=REFUSED)
def refused(request, secured, stranger, tmp_path):
    """A connection that the broker, or the client, must not accept, and the reason that each library gives."""
    said, *reasons = REFUSED[request.param]
    if (lifetime := said.get("lifetime")) is not None:
        signed = secured.token(lifetime) if lifetime < 0 else stranger_token(stranger, lifetime)
        return with_token(secured, tmp_path, signed), *reasons
    said = {name: stranger / value if value in {"ca.pem", "client.pem"} else value for name, value in said.items()}
    return replace(secured.mutual_connection if "certificate_file" in said else secured.connection, **said), *reasons


async def pass_with_aiokafka(connection, topic, value):
    """What is read after `value` was written."""
    async with AIOKafkaProducer(**connection.aiokafka()) as producer:
        await producer.send_and_wait(topic, value)
    arguments = connection.aiokafka() | {"group_id": topic, "auto_offset_reset": "earliest"}
    async with AIOKafkaConsumer(topic, **arguments) as consumer:
        return (await consumer.getone()).value


def pass_with_kafka_python(connection, topic, value):
    producer = KafkaProducer(**connection.kafka_python())
    producer.send(topic, value).get(timeout=PATIENCE)
    producer.close()
    arguments = connection.kafka_python() | {"group_id": topic, "auto_offset_reset": "earliest"}
    consumer = KafkaConsumer(topic, consumer_timeout_ms=PATIENCE * 1000, **arguments)
    try:
        return next(consumer).value
    finally:
        consumer.close()


def test_aiokafka_writes_and_reads(accepted, topic):
    passed = pass_with_aiokafka(accepted, topic, b"of aiokafka")
    assert asyncio.run(asyncio.wait_for(passed, PATIENCE)) == b"of aiokafka"


def test_kafka_python_writes_and_reads(accepted, topic):
    assert pass_with_kafka_python(accepted, topic, b"of kafka-python") == b"of kafka-python"


def test_aiokafka_is_refused(refused, caplog, request):
    connection, reason, _ = refused
    if connection.mechanism == "OAUTHBEARER":
        why = "aiokafka 0.14 does not read what the broker says of a token, and takes the connection for a good one"
        request.applymarker(pytest.mark.xfail(strict=True, raises=pytest.fail.Exception, reason=why))

    async def connect():
        producer = AIOKafkaProducer(**connection.aiokafka())
        try:
            await producer.start()
        finally:
            await producer.stop()

    with pytest.raises(AiokafkaError):
        asyncio.run(asyncio.wait_for(connect(), PATIENCE))
    assert reason in caplog.text
    assert WRONG not in caplog.text


def test_kafka_python_is_refused(refused, caplog):
    connection, _, reason = refused
    # it tries again until its time is up, so the first time is a short one
    for patience in (2, PATIENCE):
        if not said_why(caplog.text, reason):
            with pytest.raises(KafkaError):
                KafkaProducer(**connection.kafka_python(), bootstrap_timeout_ms=patience * 1000)
    assert said_why(caplog.text, reason)
    assert WRONG not in caplog.text


def said_why(log, reason):
    """kafka-python 3.0 drops an answer that it reads together with the end of the connection."""
    return reason in log or "socket disconnected" in log


def test_the_password_is_in_no_log_and_no_repr(secured, topic, caplog):
    caplog.set_level(logging.DEBUG)
    connection = secured.connection
    asyncio.run(asyncio.wait_for(pass_with_aiokafka(connection, topic, b"first"), PATIENCE))
    pass_with_kafka_python(connection, topic, b"second")

    assert "SCRAM-SHA-512" in caplog.text
    logs = "".join(file.read_text() for file in secured.folder.rglob("broker.log"))
    assert "SCRAM-SHA-512" in logs
    for text in (caplog.text, logs, repr(connection), str(connection.aiokafka()), str(connection.kafka_python())):
        assert connection.password not in text


def test_the_password_is_for_its_owner_only(secured):
    assert (secured.folder / "security").stat().st_mode & 0o077 == 0
    configuration = next(secured.folder.rglob("server.properties")).read_text()
    assert secured.connection.password not in configuration


def test_secured_brokers_replicate(start_broker, tmp_path):
    with start_broker(tmp_path / "cluster", brokers=2, secure=True) as cluster:
        admin = KafkaAdminClient(**cluster.connection.kafka_python())
        both = {"num_partitions": 1, "replication_factor": 2, "topic_configs": {"min.insync.replicas": "2"}}
        admin.create_topics([NewTopic("replicated", **both)])
        admin.close()
        assert pass_with_kafka_python(cluster.connection, "replicated", b"twice") == b"twice"
