"""Publishing, and what keeps one out, where brokers want TLS and a password."""

from __future__ import annotations

from dataclasses import replace

import pytest

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.kafka_admin import administration
from suyuan.operations.topics.create import make_topics
from suyuan.publishing.publisher import BrokersUnavailable, Publisher
from tests.publishing.test_publisher import listing


@pytest.fixture(scope="module")
def secured(start_broker, tmp_path_factory):
    with start_broker(tmp_path_factory.mktemp("secured") / "broker", secure=True) as broker:
        make_topics(broker.connection, 1)
        yield broker


def test_over_tls_with_a_password_and_with_a_certificate(secured):
    deliveries = []
    for connection in (secured.connection, secured.mutual_connection):
        with Publisher(connection, on_delivery=deliveries.append) as publisher:
            publisher.publish(listing())
    assert [(delivery.offset, delivery.error) for delivery in deliveries] == [(0, None), (1, None)]


def test_a_wrong_password_is_said(secured):
    wrong = replace(secured.connection, password="hush")  # noqa: S106
    with pytest.raises(BrokersUnavailable, match=r"(?i)authentication") as refused:
        Publisher(wrong)
    with pytest.raises(SuyuanError, match="refuse the credentials") as caught, administration(wrong, patience_ms=8000):
        pass
    assert caught.value.kind in {
        ErrorKind.CONFIGURATION,
        ErrorKind.UNAVAILABLE,
    }  # it may see only that it was hung up on
    assert "hush" not in f"{refused.value} {caught.value}"


def test_brokers_of_an_unknown_authority_are_said(secured):
    wrong = replace(secured.connection, ca_file=None)
    with pytest.raises(BrokersUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
        Publisher(wrong)
    failed = pytest.raises(SuyuanError, match="CERTIFICATE_VERIFY_FAILED")
    with failed as caught, administration(wrong, patience_ms=8000):
        pass
    assert caught.value.kind == ErrorKind.UNAVAILABLE
