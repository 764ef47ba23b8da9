"""Kafka's administration, with its failures as the command's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kafka.admin import KafkaAdminClient
from kafka.errors import (
    AuthorizationError,
    KafkaError,
    KafkaTimeoutError,
    RetriableError,
    SaslAuthenticationFailedError,
    UnsupportedSaslMechanismError,
)

from suyuan.cli.exits import CommandError, Exit
from suyuan.connections.causes import cause_of_failure
from suyuan.connections.kafka import KafkaConnection

BOOTSTRAP_MS = 20_000
"""for the first broker to answer"""
_MISFITS = (SaslAuthenticationFailedError, UnsupportedSaslMechanismError)


@contextmanager
def administration(connection: KafkaConnection, *, patience_ms: int | None = None) -> Iterator[KafkaAdminClient]:
    """A client of the cluster. Raises CommandError, for its use too: UNAVAILABLE where no broker answers in time,
    BAD_CONFIGURATION where they do not accept who we are.
    """
    with cause_of_failure("kafka.net", but=(KafkaTimeoutError,), rather=_MISFITS) as cause:
        try:
            client = KafkaAdminClient(**connection.kafka_python(), bootstrap_timeout_ms=patience_ms or BOOTSTRAP_MS)
            try:
                yield client
            finally:
                client.close()
        except KafkaError as error:
            raise _failure(connection, (isinstance(error, KafkaTimeoutError) and cause.last) or error) from error


def _failure(connection: KafkaConnection, error: BaseException) -> CommandError:
    servers = ", ".join(connection.servers)
    if isinstance(error, _MISFITS):
        return CommandError(f"the brokers at {servers} refuse the credentials: {error}", Exit.BAD_CONFIGURATION)
    if isinstance(error, AuthorizationError):
        return CommandError(f"the brokers at {servers} do not allow it: {error}", Exit.BAD_CONFIGURATION)
    if isinstance(error, RetriableError | OSError):
        # the client may miss the refusal, and see only that it was hung up on
        or_refused = ", or they refuse the credentials" if connection.mechanism else ""
        return CommandError(f"no broker answers at {servers}{or_refused}: {error}", Exit.UNAVAILABLE)
    return CommandError(f"the brokers at {servers}: {error}")
