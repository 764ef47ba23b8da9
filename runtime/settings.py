"""Settings: environment variables SUYUAN_*, or a .env file; options of a command go before them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from suyuan.connections.addresses import host_and_port, refuse_plaintext
from suyuan.connections.errors import WrongConnection
from suyuan.connections.kafka import KafkaConnection, Mechanism
from suyuan.connections.registry import SchemaRegistry
from suyuan.connections.secrets import secret
from suyuan.connections.tls import client_context, refuse_unused
from suyuan.domain.alerts.budget import A_DESK_A_DAY
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.sinks.clickhouse import ClickHouseSettings
from suyuan.streams.dead_letter_limit import DeadLetterLimit

_VARIABLES = {"kafka_servers": "kafka", "kafka_mechanism": "kafka_sasl_mechanism", "registry_url": "registry"}
"""fields of connections whose settings are named otherwise"""


class Settings(BaseSettings):
    """What the system needs to know. The defaults run a laptop: all in one process and one folder."""

    # what is set to nothing is not set: compose files and CI hand on variables that are empty
    model_config = SettingsConfigDict(env_prefix="SUYUAN_", env_file=".env", extra="ignore", env_ignore_empty=True)

    data: Path = Path("suyuan-data")
    """folder of the log, the state and the tables; made on first use"""
    partitions: int = Field(default=1, ge=1, le=256)
    """of every topic; fixed when the folder is made. More make blocks smaller, and one process no faster"""
    metrics_port: int = Field(default=0, ge=0, le=65535)
    """0: metrics are not served"""
    metrics_host: str = "127.0.0.1"
    public: Path | None = None
    """folder of what anybody may fetch of spot checks; default: one in the data folder"""
    fsync: bool = True
    """whether what is acknowledged survives the loss of power"""
    dead_letter_limit: float = Field(default=0.5, gt=0, le=1)
    """share of a partition's last messages that may be unreadable before reading stops; 1: no limit"""
    dead_letter_window: int = Field(default=1000, ge=10, le=100_000)
    """messages that the share is of"""
    dead_letter_files: Path | None = None
    """folder that dead letters are written to as files too"""

    kafka: str = ""
    """host:port of brokers, separated by commas; empty: the log is in the data folder"""
    kafka_tls: bool = False
    kafka_ca_file: Path | None = None
    """PEM; default: the system's authorities"""
    kafka_certificate_file: Path | None = None
    """PEM, shown to the brokers (mTLS)"""
    kafka_key_file: Path | None = None
    """PEM; default: the key is in the certificate's file"""
    kafka_key_password: SecretStr | None = None
    kafka_key_password_file: Path | None = None
    kafka_sasl_mechanism: Mechanism | None = None
    kafka_username: str | None = None
    kafka_password: SecretStr | None = None
    kafka_password_file: Path | None = None
    kafka_token_file: Path | None = None
    """token of OAUTHBEARER, read anew for each connection"""
    kafka_allow_plaintext: bool = False
    """whether brokers on other machines may be spoken to without TLS"""
    kafka_replication: int = Field(default=1, ge=1, le=32)
    """replicas of each topic that is made"""
    kafka_session_seconds: float = Field(default=15.0, ge=1, le=300)
    """how long a silent worker keeps its partitions before others get them"""
    standby_replicas: int = Field(default=0, ge=0, le=8)
    """how many other workers keep a copy of each partition's state"""

    registry: str = Field(default="", repr=False)
    """URL of a Confluent schema registry whose ids messages may have; empty: they have the built-in ones"""
    registry_username: str | None = None
    registry_password: SecretStr | None = None
    registry_password_file: Path | None = None
    registry_ca_file: Path | None = None
    """PEM; default: the system's authorities"""
    registry_allow_plaintext: bool = False
    """whether a registry on another machine may be spoken to without TLS"""

    clickhouse: str = ""
    """host:port of the HTTP interface; empty: the tables are in the data folder"""
    clickhouse_username: str = "default"
    clickhouse_password: SecretStr | None = None
    clickhouse_password_file: Path | None = None
    clickhouse_database: str = "suyuan"
    clickhouse_tls: bool = False
    clickhouse_ca_file: Path | None = None
    """PEM; default: the authorities that Python knows"""
    clickhouse_allow_plaintext: bool = False
    """whether a server on another machine may be spoken to without TLS"""
    clickhouse_cluster: str = ""
    """name of the cluster that tables are made on; empty: one server"""

    portal_host: str = "127.0.0.1"
    portal_port: int = Field(default=8765, ge=0, le=65535)
    """0: suyuan run starts no portal"""
    portal_origin: str = ""
    """https://name that browsers and clients reach it by; empty: this machine's names alone"""
    alert_budget: int = Field(default=A_DESK_A_DAY, ge=1)
    """alerts that may come to one desk in one day: more is marked wherever figures of desks are told"""
    read_log_days: int = Field(default=180, ge=1)
    """of the log of who read what"""
    portal_certificate_file: Path | None = None
    """PEM, with its chain: the portal is served over TLS"""
    portal_key_file: Path | None = None
    """PEM; default: the key is in the certificate's file"""
    portal_proxy: str = ""
    """addresses or networks of proxies that add TLS, separated by commas"""
    portal_requests_per_second: int = Field(default=50, ge=1, le=1_000_000)
    """of each principal; twice as many may come at once"""
    portal_secret: SecretStr | None = None
    """that places in lists and sessions are signed with; the same for all portals of one cluster"""
    portal_secret_file: Path | None = None
    """default: one that is made in the data folder"""

    portal_uploads: Path | None = None
    """folder of uploaded files; default: one in the data folder. Portals that share it go on with one another's"""

    pseudonym_key: SecretStr | None = None
    """that names of people who complain become pseudonyms by; the same wherever names come in"""
    pseudonym_key_file: Path | None = None
    """default: one that is made in the data folder; over Kafka there is no default"""

    audit_key_file: Path | None = None
    """private key that checkpoints of the audit are signed with, PRIVATE+KEY+…, as suyuan audit key makes it; never in
    the data folder
    """
    audit_signed_file: Path | None = None
    """what was signed last, for the signer alone; default: beside the key, with .signed behind its name"""

    seal_key: SecretStr | None = None
    """that secrets of webhooks are sealed by in the log; the same for all portals and jobs of one cluster"""
    seal_key_file: Path | None = None
    """default: one that is made in the data folder"""
    webhook_allow: str = ""
    """networks that webhooks may be sent to though they are not public, separated by commas"""
    webhook_ca_file: Path | None = None
    """PEM, of receivers' authorities; default: the system's"""
    jobs_metrics_port: int = Field(default=0, ge=0, le=65535)
    """of the jobs that suyuan run starts; 0: theirs are not served"""

    oidc_issuer: str = ""
    """URL of an identity provider that people sign in to the portal by; empty: links and keys alone"""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr | None = None
    oidc_client_secret_file: Path | None = None
    oidc_ca_file: Path | None = None
    """PEM; default: the system's authorities"""
    oidc_roles: Path | None = None
    """TOML: which role and scope a value of a claim stands for"""

    def partitions_asked_for(self) -> int | None:
        """The partition count, where somebody set one."""
        return self.partitions if "partitions" in self.model_fields_set else None

    def public_folder(self) -> Path:
        """Where public files of spot checks are."""
        return self.public or self.data / "public"

    def limit_of_dead_letters(self) -> DeadLetterLimit:
        """How much of what is read may be unreadable."""
        return DeadLetterLimit(self.dead_letter_limit, self.dead_letter_window)

    def kafka_connection(self) -> KafkaConnection:
        """The way to the brokers, verified as far as it can be without them. Raises SuyuanError, CONFIGURATION,
        naming the variable at fault; also where no brokers are named.
        """
        try:
            connection = KafkaConnection(
                servers=tuple(server.strip() for server in self.kafka.split(",") if server.strip()),
                tls=self.kafka_tls,
                ca_file=self.kafka_ca_file,
                certificate_file=self.kafka_certificate_file,
                key_file=self.kafka_key_file,
                key_password=secret("key_password", _shown(self.kafka_key_password), self.kafka_key_password_file),
                mechanism=self.kafka_sasl_mechanism,
                username=self.kafka_username,
                password=secret("password", _shown(self.kafka_password), self.kafka_password_file),
                token_file=self.kafka_token_file,
                allow_plaintext=self.kafka_allow_plaintext,
            )
            connection.verify()
        except WrongConnection as error:
            raise _bad("kafka", error) from None
        return connection

    def schema_registry(self) -> SchemaRegistry | None:
        """The registry, None where none is named. Raises SuyuanError, CONFIGURATION, naming the variable at
        fault.
        """
        if not self.registry:
            return None
        try:
            registry = SchemaRegistry(
                url=self.registry,
                username=self.registry_username,
                password=secret("password", _shown(self.registry_password), self.registry_password_file),
                ca_file=self.registry_ca_file,
                allow_plaintext=self.registry_allow_plaintext,
            )
            registry.verify()
        except WrongConnection as error:
            raise _bad("registry", error) from None
        return registry

    def clickhouse_settings(self) -> ClickHouseSettings | None:
        """The tables' server, None where none is named: they are in the data folder. Raises SuyuanError, CONFIGURATION,
        naming the variable at fault.
        """
        if not self.clickhouse:
            return None
        try:
            host, port = host_and_port(self.clickhouse, "clickhouse")
            if self.clickhouse_tls:
                client_context(self.clickhouse_ca_file)
            else:
                refuse_unused("ca_file", self.clickhouse_ca_file)
                if not self.clickhouse_allow_plaintext:
                    refuse_plaintext([host], "tls")
            password = secret("password", _shown(self.clickhouse_password), self.clickhouse_password_file)
        except WrongConnection as error:
            raise _bad("clickhouse", error) from None
        return ClickHouseSettings(
            host=host,
            port=port,
            username=self.clickhouse_username,
            password=password or "",
            secure=self.clickhouse_tls,
            ca_file=self.clickhouse_ca_file,
            allow_plaintext=self.clickhouse_allow_plaintext,
            database=self.clickhouse_database,
            cluster=self.clickhouse_cluster,
        )


def load(**given: Any) -> Settings:
    """Settings, with options that were given (None: not given) before the environment.

    Raises SuyuanError, CONFIGURATION, naming each variable that makes no sense.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        wrong = "; ".join(f"SUYUAN_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise SuyuanError(f"bad configuration: {wrong}", ErrorKind.CONFIGURATION) from None


def _shown(hidden: SecretStr | None) -> str | None:
    return None if hidden is None else hidden.get_secret_value()


def _bad(system: str, error: WrongConnection) -> SuyuanError:
    field = error.field if error.field == system else f"{system}_{error.field}"
    name = f"SUYUAN_{_VARIABLES.get(field, field).upper()}"
    return SuyuanError(f"bad configuration: {name}: {error.reason}", ErrorKind.CONFIGURATION)
