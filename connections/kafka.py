"""How to reach a Kafka cluster: addresses, TLS, SASL; and the arguments that each client library needs for it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from suyuan.connections.addresses import host_and_port, refuse_plaintext
from suyuan.connections.errors import InsecureConnection, WrongConnection
from suyuan.connections.refused_batch import bound_aiokafka, bound_kafka_python
from suyuan.connections.secrets import Hidden
from suyuan.connections.tls import client_context, refuse_unused

if TYPE_CHECKING:
    from suyuan.connections.tokens import TokenProvider

__all__ = ["InsecureConnection", "KafkaConnection", "Mechanism", "WrongConnection"]

Mechanism = Literal["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN", "OAUTHBEARER"]


@dataclass(frozen=True, slots=True)
class KafkaConnection:
    """`servers`: `host:port` of brokers to ask first; they name the others.

    TLS with `tls`: servers are verified against `ca_file` (None: the system's authorities), and shown the certificate
    in `certificate_file` where there is one (mTLS; None as `key_file`: the key is in the same file). All are PEM.

    SASL with `mechanism`: `username` and `password`, or for OAUTHBEARER a token: the text of `token_file`, read anew
    for each connection, or what `token_provider` returns.

    Plaintext is refused to any host but this machine, unless `allow_plaintext`. Addresses that the brokers advertise
    are not checked: a loopback address that leads elsewhere (a tunnel, a forwarded port) counts as this machine.
    """

    servers: tuple[str, ...]
    tls: bool = False
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    key_password: str | None = field(default=None, repr=False)
    mechanism: Mechanism | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    token_file: Path | None = None
    token_provider: TokenProvider | None = field(default=None, repr=False)
    allow_plaintext: bool = False

    def aiokafka(self) -> dict[str, Any]:
        """Arguments for aiokafka's clients; files are read now. Raises WrongConnection, also InsecureConnection.

        From here on its consumers unpack nothing beyond a limit (`connections.refused_batch`).
        """
        bound_aiokafka()
        arguments = self._arguments()
        if self.mechanism == "OAUTHBEARER":
            from suyuan.connections.tokens import AiokafkaTokens  # noqa: PLC0415 - loads both client libraries

            arguments["sasl_oauth_token_provider"] = AiokafkaTokens(self._tokens())
        return arguments

    def kafka_python(self) -> dict[str, Any]:
        """Arguments for kafka-python's clients; files are read now. Raises WrongConnection, also InsecureConnection.

        From here on its consumers unpack nothing beyond a limit (`connections.refused_batch`).
        """
        bound_kafka_python()
        arguments = self._arguments()
        if self.mechanism == "OAUTHBEARER":
            from suyuan.connections.tokens import KafkaPythonTokens  # noqa: PLC0415 - as above

            arguments["sasl_oauth_token_provider"] = KafkaPythonTokens(self._tokens())
        return arguments

    def verify(self) -> None:
        """Raises WrongConnection, also InsecureConnection, where the description, or a file that it names, is at
        fault. Connects to nothing.
        """
        self._arguments()
        if self.mechanism == "OAUTHBEARER" and self.token_file is not None:
            self._tokens()()

    def _arguments(self) -> dict[str, Any]:
        hosts = [host_and_port(server, "servers")[0] for server in self.servers]
        if not hosts:
            raise WrongConnection("servers", "missing")
        if not self.tls and not self.allow_plaintext:
            refuse_plaintext(hosts, "tls")
        self._check_sasl()
        arguments: dict[str, Any] = {
            "bootstrap_servers": list(self.servers),
            "security_protocol": ("SASL_" if self.mechanism else "") + ("SSL" if self.tls else "PLAINTEXT"),
        }
        context = self._ssl_context()
        if context is not None:
            arguments["ssl_context"] = context
        if self.mechanism:
            arguments["sasl_mechanism"] = self.mechanism
            if self.mechanism != "OAUTHBEARER":
                hidden = None if self.password is None else Hidden(self.password)
                arguments |= {"sasl_plain_username": self.username, "sasl_plain_password": hidden}
        return arguments

    def _ssl_context(self) -> ssl.SSLContext | None:
        if self.tls:
            return client_context(self.ca_file, self.certificate_file, self.key_file, self.key_password)
        for name in ("ca_file", "certificate_file", "key_file"):
            refuse_unused(name, getattr(self, name))
        return None

    def _check_sasl(self) -> None:
        passes = {name: getattr(self, name) for name in ("username", "password")}
        tokens = {name: getattr(self, name) for name in ("token_file", "token_provider")}
        if self.mechanism is None:
            for name, value in (passes | tokens).items():
                if value is not None:
                    raise WrongConnection(name, "given, but no SASL mechanism: it would not be used")
        elif self.mechanism not in get_args(Mechanism):
            raise WrongConnection("mechanism", f"{self.mechanism} is not one of {', '.join(get_args(Mechanism))}")
        elif self.mechanism == "OAUTHBEARER":
            if all(value is None for value in tokens.values()):
                raise WrongConnection("token_file", "missing, but OAUTHBEARER needs a token")
        else:
            for name, value in passes.items():
                if not value:
                    raise WrongConnection(name, f"missing, but {self.mechanism} needs it")

    def _tokens(self) -> TokenProvider:
        from suyuan.connections.tokens import token_in  # noqa: PLC0415 - as above

        if self.token_provider is not None:
            return self.token_provider
        if self.token_file is None:
            raise WrongConnection("token_file", "missing, but OAUTHBEARER needs a token")
        return partial(token_in, self.token_file)
