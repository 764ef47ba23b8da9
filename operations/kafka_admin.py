"""Kafka's administration client, with its failures as errors of our own."""

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

from suyuan.connections.causes import cause_of_failure
from suyuan.connections.kafka import KafkaConnection
from suyuan.errors import ErrorKind, SuyuanError

BOOTSTRAP_MS = 20_000
"""for the first broker to answer"""
_MISFITS = (SaslAuthenticationFailedError, UnsupportedSaslMechanismError)


class BrokersError(SuyuanError):
    """The brokers do not answer, or refuse what they are asked."""


@contextmanager
def administration(connection: KafkaConnection, *, patience_ms: int | None = None) -> Iterator[KafkaAdminClient]:
    """A client of the cluster, for the duration of the context. Raises BrokersError, also for what happens within:
    UNAVAILABLE where no broker answers in time, CONFIGURATION where they do not accept the user.
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


def _failure(connection: KafkaConnection, error: BaseException) -> BrokersError:
    servers = ", ".join(connection.servers)
    if isinstance(error, _MISFITS):
        return BrokersError(f"the brokers at {servers} refuse the credentials: {error}", ErrorKind.CONFIGURATION)
    if isinstance(error, AuthorizationError):
        return BrokersError(f"the brokers at {servers} do not allow it: {error}", ErrorKind.CONFIGURATION)
    if isinstance(error, RetriableError | OSError):
        # the client may miss the refusal, and see only that it was hung up on
        or_refused = ", or they refuse the credentials" if connection.mechanism else ""
        return BrokersError(f"no broker answers at {servers}{or_refused}: {error}", ErrorKind.UNAVAILABLE)
    return BrokersError(f"the brokers at {servers}: {error}")
