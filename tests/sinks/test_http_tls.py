"""The way to a ClickHouse server: whom it trusts, and what it never says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from suyuan.connections.errors import InsecureConnection
from suyuan.sinks.clickhouse import ClickHouse, ClickHouseSettings
from suyuan.sinks.errors import ServerUnavailable
from tests.connections.conftest import certificates  # noqa: F401 - a fixture
from tests.sinks.front_process import FrontProcess

PASSWORD = "not for others"  # noqa: S105 - of this test


@pytest.fixture(scope="module")
def settings(certificates, tmp_path_factory):  # noqa: F811 - as above
    folder = tmp_path_factory.mktemp("tls")
    both = folder / "server.pem"
    both.write_bytes(certificates.key.read_bytes() + certificates.certificate.read_bytes())
    front = FrontProcess(folder / "clickhouse", {"FRONT_CERTIFICATE": str(both), "FRONT_ACCOUNT": f"loader:{PASSWORD}"})
    front.start()
    account = {"username": "loader", "password": PASSWORD}
    yield replace(front.settings, host="localhost", secure=True, ca_file=certificates.authority, **account)
    front.kill()


def test_a_server_whose_certificate_is_vouched_for(settings):
    with ClickHouse(settings) as clickhouse:
        assert clickhouse.writer.query("SELECT currentDatabase()").result_rows == [("suyuan",)]


def test_a_server_that_nobody_vouches_for_is_refused(settings):
    with pytest.raises(ServerUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
        ClickHouse(replace(settings, ca_file=None))


def test_a_wrong_password_is_refused_and_not_repeated(settings):
    with pytest.raises(ServerUnavailable, match="Authentication failed") as refused:
        ClickHouse(replace(settings, password="another secret"))  # noqa: S106 - of this test
    assert "another secret" not in str(refused.value)
    assert PASSWORD not in repr(settings)


def test_plaintext_to_another_machine_needs_so_many_words():
    elsewhere = ClickHouseSettings(host="192.0.2.1", password=PASSWORD)
    with pytest.raises(InsecureConnection, match=r"192\.0\.2\.1 would be spoken to in plaintext"):
        ClickHouse(elsewhere)
