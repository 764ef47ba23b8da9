"""Connections as the environment, a .env file and files of secrets describe them."""

import pytest

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.runtime.settings import load


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def set_all(monkeypatch, **variables):
    for name, value in variables.items():
        monkeypatch.setenv(f"SUYUAN_{name.upper()}", str(value))


def test_kafka_from_the_environment(monkeypatch, certificates, tmp_path):
    (tmp_path / "pass").write_text("hush\n")
    (tmp_path / "key-pass").write_text("geheim\r\n")
    set_all(
        monkeypatch,
        kafka="kafka-1:9092, kafka-2:9092",
        kafka_tls="true",
        kafka_ca_file=certificates.authority,
        kafka_certificate_file=certificates.certificate,
        kafka_key_file=certificates.locked_key,
        kafka_key_password_file=tmp_path / "key-pass",
        kafka_sasl_mechanism="SCRAM-SHA-256",
        kafka_username="market",
        kafka_password_file=tmp_path / "pass",
    )
    connection = load().kafka_connection()
    assert connection.servers == ("kafka-1:9092", "kafka-2:9092")
    assert (connection.tls, connection.ca_file) == (True, certificates.authority)
    assert (connection.certificate_file, connection.key_file) == (certificates.certificate, certificates.locked_key)
    assert (connection.mechanism, connection.username, connection.password) == ("SCRAM-SHA-256", "market", "hush")


def test_a_dotenv_file_and_options_before_it(tmp_path):
    (tmp_path / ".env").write_text("SUYUAN_KAFKA=localhost:9092\nSUYUAN_KAFKA_CA_FILE=\n")
    assert load().kafka_connection().servers == ("localhost:9092",)
    assert load(kafka="localhost:9093").kafka_connection().servers == ("localhost:9093",)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "SUYUAN_KAFKA: missing"),
        ({"kafka": "nowhere"}, "SUYUAN_KAFKA: 'nowhere' is not host:port"),
        ({"kafka": "kafka-1:9092"}, "SUYUAN_KAFKA_TLS: kafka-1 would be spoken to in plaintext"),
        (
            {"kafka": "kafka-1:9092", "kafka_tls": 1, "kafka_ca_file": "gone.pem"},
            "SUYUAN_KAFKA_CA_FILE: gone.pem: No such file",
        ),
        (
            {"kafka": "localhost:9092", "kafka_sasl_mechanism": "PLAIN", "kafka_password": "hush"},
            "SUYUAN_KAFKA_USERNAME: missing, but PLAIN needs it",
        ),
        (
            {"kafka": "localhost:9092", "kafka_password": "hush"},
            "SUYUAN_KAFKA_PASSWORD: given, but no SASL mechanism",
        ),
        (
            {"kafka": "localhost:9092", "kafka_password": "hush", "kafka_password_file": "pass"},
            "SUYUAN_KAFKA_PASSWORD_FILE: given, and password too",
        ),
        (
            {"kafka": "localhost:9092", "kafka_password_file": "gone"},
            "SUYUAN_KAFKA_PASSWORD_FILE: gone: No such file",
        ),
        ({"kafka": "localhost:9092", "kafka_sasl_mechanism": "NTLM"}, "SUYUAN_KAFKA_SASL_MECHANISM: Input should be"),
    ],
)
def test_the_variable_at_fault_is_named(monkeypatch, variables, said):
    set_all(monkeypatch, **variables)
    with pytest.raises(SuyuanError) as caught:
        load().kafka_connection()
    assert caught.value.kind == ErrorKind.CONFIGURATION
    assert said in str(caught.value)
    assert "hush" not in str(caught.value)


def test_secrets_are_not_shown(monkeypatch):
    set_all(monkeypatch, **dict.fromkeys(["kafka_password", "kafka_key_password", "clickhouse_password"], "hush"))
    settings = load()
    assert "hush" not in f"{settings!r} {settings.model_dump(mode='json')}"


def test_no_server_of_clickhouse_unless_one_is_named(monkeypatch, certificates, tmp_path):
    assert load(data=tmp_path).clickhouse_settings() is None
    (tmp_path / "pass").write_text("hush\n")
    set_all(
        monkeypatch,
        clickhouse="tables.example:8443",
        clickhouse_tls="1",
        clickhouse_username="loader",
        clickhouse_password_file=tmp_path / "pass",
        clickhouse_database="market",
        clickhouse_ca_file=certificates.authority,
        clickhouse_cluster="main",
    )
    settings = load().clickhouse_settings()
    assert (settings.path, settings.host, settings.port) == (None, "tables.example", 8443)
    assert (settings.username, settings.password) == ("loader", "hush")
    assert (settings.secure, settings.database, settings.cluster) == (True, "market", "main")
    assert settings.ca_file == certificates.authority


def test_clickhouse_in_plaintext_is_refused_but_on_this_machine():
    assert load(clickhouse="localhost:8123").clickhouse_settings().host == "localhost"
    with pytest.raises(SuyuanError, match="SUYUAN_CLICKHOUSE_TLS: tables would be spoken to in plaintext"):
        load(clickhouse="tables:8123").clickhouse_settings()
    assert load(clickhouse="tables:8123", clickhouse_allow_plaintext=True).clickhouse_settings().host == "tables"
    with pytest.raises(SuyuanError, match="SUYUAN_CLICKHOUSE_CA_FILE: given, but TLS is not on"):
        load(clickhouse="localhost:8123", clickhouse_ca_file="ca.pem").clickhouse_settings()
    with pytest.raises(SuyuanError, match=r"SUYUAN_CLICKHOUSE_CA_FILE: ca\.pem: No such file"):
        load(clickhouse="tables:8443", clickhouse_tls=True, clickhouse_ca_file="ca.pem").clickhouse_settings()
