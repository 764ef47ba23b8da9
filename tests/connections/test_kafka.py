import asyncio
import logging
import ssl
from contextlib import closing

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from kafka import KafkaAdminClient, KafkaProducer
from kafka.errors import KafkaError

from suyuan.connections.kafka import InsecureConnection, KafkaConnection, WrongConnection

SCRAM = {"mechanism": "SCRAM-SHA-512", "username": "market", "password": "hush"}
SECRETS = {"password": "hush-1", "key_password": "hush-2", "token_provider": lambda: "hush-3"}


@pytest.mark.parametrize("server", ["localhost:9092", "127.0.0.1:9092", "127.1.2.3:9092", "[::1]:9092"])
def test_plaintext_on_this_machine(server):
    connection = KafkaConnection((server,))
    expected = {"bootstrap_servers": [server], "security_protocol": "PLAINTEXT"}
    assert connection.aiokafka() == connection.kafka_python() == expected


@pytest.mark.parametrize("server", ["kafka-1:9092", "10.0.0.1:9092", "[fd00::1]:9092", "localhost.example:9092"])
@pytest.mark.parametrize("sasl", [{}, SCRAM])
def test_plaintext_to_another_machine_is_refused_unless_allowed(server, sasl):
    connection = KafkaConnection(("localhost:9092", server), **sasl)
    for arguments in (connection.aiokafka, connection.kafka_python, connection.verify):
        with pytest.raises(InsecureConnection, match="plaintext"):
            arguments()
    allowed = KafkaConnection((server,), allow_plaintext=True, **sasl).aiokafka()
    assert allowed["security_protocol"] == ("SASL_PLAINTEXT" if sasl else "PLAINTEXT")


def test_tls_with_scram(certificates):
    connection = KafkaConnection(("kafka-1:9092",), tls=True, ca_file=certificates.authority, **SCRAM)
    for arguments in (connection.aiokafka(), connection.kafka_python()):
        context = arguments.pop("ssl_context")
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert arguments == {
            "bootstrap_servers": ["kafka-1:9092"],
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": "market",
            "sasl_plain_password": "hush",
        }


def test_a_token_is_read_anew_each_time(tmp_path):
    token = tmp_path / "token"
    connection = KafkaConnection(("localhost:9092",), mechanism="OAUTHBEARER", token_file=token)
    token.write_text("first\n")
    connection.verify()
    awaited, asked = (
        arguments["sasl_oauth_token_provider"] for arguments in (connection.aiokafka(), connection.kafka_python())
    )
    assert [asyncio.run(awaited.token()), asked.token()] == ["first", "first"]
    token.write_text("second")
    assert [asyncio.run(awaited.token()), asked.token()] == ["second", "second"]


def test_a_token_provider():
    connection = KafkaConnection(("localhost:9092",), mechanism="OAUTHBEARER", token_provider=lambda: "minted")
    assert connection.kafka_python()["sasl_oauth_token_provider"].token() == "minted"
    assert asyncio.run(connection.aiokafka()["sasl_oauth_token_provider"].token()) == "minted"


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"servers": ()}, "servers", "missing"),
        ({"servers": ("localhost",)}, "servers", "'localhost' is not host:port"),
        ({"servers": ("localhost:kafka",)}, "servers", "'localhost:kafka' is not host:port"),
        ({"servers": ("localhost:70000",)}, "servers", "is not host:port"),
        ({"servers": ("::1:9092",)}, "servers", "brackets"),
        ({"ca_file": "ca.pem"}, "ca_file", "TLS is not on"),
        ({"key_file": "key.pem"}, "key_file", "TLS is not on"),
        ({"mechanism": "GSSAPI"}, "mechanism", "not one of SCRAM-SHA-256"),
        ({"mechanism": "PLAIN", "password": "hush"}, "username", "missing, but PLAIN needs it"),
        ({"mechanism": "SCRAM-SHA-256", "username": "market"}, "password", "missing, but SCRAM-SHA-256 needs it"),
        ({"mechanism": "OAUTHBEARER"}, "token_file", "missing, but OAUTHBEARER needs a token"),
        ({"username": "market"}, "username", "no SASL mechanism"),
        ({"password": "hush"}, "password", "no SASL mechanism"),
        ({"token_file": "token"}, "token_file", "no SASL mechanism"),
    ],
)
def test_what_is_wrong_is_named(fields, field, reason):
    connection = KafkaConnection(**{"servers": ("localhost:9092",), **fields})
    for arguments in (connection.aiokafka, connection.kafka_python, connection.verify):
        with pytest.raises(WrongConnection) as caught:
            arguments()
        assert caught.value.field == field
        assert reason in caught.value.reason
        assert "hush" not in str(caught.value)


@pytest.mark.parametrize(("text", "reason"), [(None, "No such file"), ("\n", "empty"), ("two words", "blanks")])
def test_a_file_without_a_token_is_named(tmp_path, text, reason):
    path = tmp_path / "token"
    if text is not None:
        path.write_text(text)
    connection = KafkaConnection(("localhost:9092",), mechanism="OAUTHBEARER", token_file=path)
    with pytest.raises(WrongConnection, match=reason) as caught:
        connection.verify()
    assert str(path) in str(caught.value)


def test_secrets_are_not_shown():
    connection = KafkaConnection(("localhost:9092",), **SECRETS)
    assert "hush" not in repr(connection)


def test_nor_written_to_debug_logs_by_the_client(caplog, unused_port):
    connection = KafkaConnection((f"localhost:{unused_port}",), **SCRAM)
    caplog.set_level(logging.DEBUG)
    with pytest.raises(KafkaError):
        KafkaAdminClient(**connection.kafka_python(), bootstrap_timeout_ms=100)
    assert "SCRAM-SHA-512" in caplog.text
    assert "hush" not in caplog.text


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize(
    "sasl", [{}, SCRAM, {**SCRAM, "mechanism": "PLAIN"}, {"mechanism": "OAUTHBEARER", "token_provider": lambda: "t"}]
)
def test_both_libraries_take_the_arguments(tls, sasl, certificates, unused_port):
    connection = KafkaConnection(
        (f"127.0.0.1:{unused_port}",), tls=tls, ca_file=certificates.authority if tls else None, **sasl
    )

    async def made():
        AIOKafkaConsumer(**connection.aiokafka())
        AIOKafkaProducer(**connection.aiokafka())

    asyncio.run(made())
    with closing(KafkaProducer(**connection.kafka_python(), api_version=(4, 0))):
        pass
    with pytest.raises(KafkaError):
        KafkaAdminClient(**connection.kafka_python(), bootstrap_timeout_ms=100)
