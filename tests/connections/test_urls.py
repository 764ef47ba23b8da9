"""Passwords in addresses are not shown, wherever an address is."""

from __future__ import annotations

import logging

import pytest

from suyuan.cli.screen import put, say
from suyuan.connections.registry import RegistryUnavailable, SchemaRegistry
from suyuan.connections.urls import address_shown, without_secrets
from suyuan.errors import SuyuanError
from suyuan.publishing.registration import NotRegistered, registered_id
from suyuan.runtime.log_output import log_warnings
from suyuan.runtime.registry import accept_registered_ids
from suyuan.runtime.settings import load
from tests.cli.conftest import data, suyuan  # noqa: F401 - fixtures
from tests.publishing.registry_server import served


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://market:hush@registry:8081/base", "http://registry:8081/base"),
        ("https://hush@registry", "https://registry"),
        ("http://market:hu@sh@registry:8081", "http://registry:8081"),
        ("http://market:hu/sh@registry:8081", "http://registry:8081"),
        ("http://market:hush hush@registry:8081", "http://registry:8081"),
        ("market:hush@kafka:9092", "kafka:9092"),
        ("kafka-1:9092", "kafka-1:9092"),
        ("https://r/s?x=1&api_key=hush#hush", "https://r/s?x=1&api_key=…#hush"),
        ("https://r/s?Access-Token=hush&y=2", "https://r/s?Access-Token=…&y=2"),
    ],
)
def test_user_password_and_secret_parameters_go(address, shown):
    assert address_shown(address) == shown
    if " " not in address and "://" in address:
        assert (
            without_secrets(f"error for url '{address}'\n(http://a:hush@b)") == f"error for url '{shown}'\n(http://b)"
        )


def test_what_is_said_and_logged_shows_none(capsys, monkeypatch):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    log_warnings()
    logging.getLogger("some.library").warning("GET %s", "http://market:hush@registry/x")
    say("GET http://market:hush@registry/x")
    put("GET http://market:hush@registry/x")
    said = capsys.readouterr()
    assert "hush" not in said.err + said.out
    assert said.err.count("http://registry/x") == 2


@pytest.mark.parametrize("broken", ["away", "unauthorized", "broken", "nonsense", "deep", "port"])
def test_no_failure_of_a_registry_shows_its_password(unused_port, broken):
    with served(password="another") as registry:  # noqa: S106
        address = registry.url.removeprefix("http://")
        registry.broken = broken == "broken"
        if broken in {"nonsense", "deep"}:
            registry.allowed = None
            registry.raw = b"hello" if broken == "nonsense" else b"[" * 100_000
        if broken == "away":
            address = f"127.0.0.1:{unused_port}"
        url = f"http://market:hu{'/' if broken == 'port' else ''}sh@{address}?token=hush"
        with pytest.raises(SuyuanError) as caught:
            accept_registered_ids(load(registry=url))
        assert "hush" not in str(caught.value)
        assert "hu/sh" not in str(caught.value)
        if broken != "port":
            with pytest.raises(RegistryUnavailable) as unavailable:
                SchemaRegistry(url).versions("in.day-value")
            assert "hush" not in f"{unavailable.value} {unavailable.value.__cause__} {SchemaRegistry(url)!r}"


def test_a_login_in_the_url_is_used_and_not_shown():
    with served(password="hush") as registry:  # noqa: S106
        registry.register("day", 5)
        found = SchemaRegistry(registry.url.replace("://", "://market:hush@"))
        assert found.versions("in.day-value")[0][0] == 5
        with pytest.raises(NotRegistered) as caught:
            registered_id(found, "lot")
        assert "hush" not in str(caught.value)


def test_settings_and_the_doctor_show_none(suyuan):  # noqa: F811 - the fixture
    secrets = {"SUYUAN_REGISTRY": "https://market:hush@registry:8081"}
    assert "hush" not in repr(load(registry=secrets["SUYUAN_REGISTRY"]))
    for arguments in ((), ("--json",)):
        answer = suyuan("doctor", *arguments, own=True, **secrets)
        assert "hush" not in answer.output + answer.errors
        assert "registry:8081" in answer.output.replace("\n", "")
    for variable in ("SUYUAN_KAFKA", "SUYUAN_CLICKHOUSE"):
        for value in ("market:hush@localhost:9092", "hush@localhost:9092", "http://market:hush@localhost:8123"):
            answer = suyuan("doctor", own=True, **{variable: value})
            assert answer.code == 3, answer.output
            assert "hush" not in answer.output + answer.errors
