"""Events framed with the ids of a schema registry, and read by them."""

from __future__ import annotations

import gzip

import pytest

from suyuan.connections.errors import InsecureConnection, WrongConnection
from suyuan.connections.registry import RegistryUnavailable, SchemaRegistry
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.publishing.publisher import NotRegistered, Publisher
from suyuan.publishing.registration import registered_ids
from suyuan.runtime.registry import accept_registered_ids
from suyuan.runtime.settings import load
from suyuan.schemas import registered
from suyuan.schemas.events import decode_event, encode_event
from suyuan.schemas.framing import UnreadableEvent, frame, unframe
from suyuan.schemas.kinds import KINDS, event_schema
from suyuan.schemas.runs import decode_run
from suyuan.schemas.validation import parse_event
from tests.publishing.registry_server import served
from tests.publishing.test_publisher import MARCH, listing


@pytest.fixture(autouse=True)
def _ids_of_no_other_test():
    yield
    for kind in KINDS:
        registered.accept(kind, {})


@pytest.fixture
def registry():
    with served() as running:
        yield running


def event(**changed):
    given = listing(**changed)
    return {field.name: given.get(field.name) for field in event_schema("listing").fields}


def test_published_with_the_registrys_id_and_read_by_it(connection, log, registry):
    registry.register("listing", 4711)
    with Publisher(connection, registry=SchemaRegistry(registry.url)) as publisher:
        publisher.publish(listing(1))
        publisher.publish(listing(2))
    values = [record.value for record in log.read("in.listing")]
    assert [unframe(value)[0] for value in values] == [4711, 4711]
    assert [failure.reason for failure in decode_run("listing", values).failures] == ["unknown schema id 4711"] * 2
    accept_registered_ids(load(registry=registry.url))
    run = decode_run("listing", values)
    assert sorted(run.rows["event_id"]) == ["E1", "E2"]
    assert run.failures == []
    assert decode_event(values[0], "listing")[0] == "listing"


def test_both_ids_are_read_and_either_in_its_own_topic_alone(registry):
    registry.register("listing", 3)  # which is a licence here
    registry.register("licence", 1)  # which is a listing here
    accept_registered_ids(load(registry=registry.url))
    _, body = unframe(encode_event("listing", event()))
    run = decode_run("listing", [frame(3, body), frame(1, body)])
    assert (len(run.rows), run.failures) == (2, [])
    assert decode_event(frame(3, body), "listing")[0] == "listing"
    with pytest.raises(UnreadableEvent):
        decode_event(frame(4, body), "listing")


def test_documentation_makes_no_other_schema_but_a_field_does(registry):
    avro = event_schema("listing").avro
    registry.register("listing", 70, avro={**avro, "doc": "in the registry's words"})
    registry.register("listing", 71, avro={**avro, "fields": avro["fields"][:-1]})
    registry.register("listing", 72, avro="no such type")
    assert registered_ids(SchemaRegistry(registry.url), "listing") == {70: event_schema("listing").schema_id}


def test_what_is_not_registered_is_not_published(connection, log, registry):
    registry.register("listing", 71, avro={**event_schema("listing").avro, "fields": []})
    with Publisher(connection, registry=SchemaRegistry(registry.url)) as publisher:
        for one in (
            listing(),
            {
                "kind": "day",
                "event_id": "D",
                "publisher": "SUYUAN",
                "occurred_at": MARCH,
                "date": "2026-01-01",
            },
        ):
            with pytest.raises(NotRegistered, match=rf"subject in\.{one['kind']}-value .* register it first"):
                publisher.publish(one)
    assert log.read("in.listing") == []


def test_a_registry_that_is_broken_away_or_none_at_all(registry, unused_port):
    registry.broken = True
    for url, reason in ((registry.url, "500"), (f"http://127.0.0.1:{unused_port}", "refused")):
        with pytest.raises(RegistryUnavailable, match=reason):
            SchemaRegistry(url).versions("in.listing-value")
        with pytest.raises(SuyuanError, match=reason) as caught:
            accept_registered_ids(load(registry=url))
        assert caught.value.kind == ErrorKind.UNAVAILABLE


def test_an_answer_that_would_take_all_memory_is_not_unpacked(registry):
    registry.register("listing", 7)
    registry.bomb = gzip.compress(bytes(100 << 20), 1)
    with pytest.raises(RegistryUnavailable, match="an answer of more than 16,777,216 bytes"):
        SchemaRegistry(registry.url).versions("in.listing-value")


def test_user_and_password():
    with served(password="hush") as registry:  # noqa: S106
        registry.register("day", 5)
        assert SchemaRegistry(registry.url, "market", "hush").versions("in.day-value")[0][0] == 5
        with pytest.raises(RegistryUnavailable, match="401"):
            SchemaRegistry(registry.url, "market", "wrong").versions("in.day-value")
    assert "hush" not in repr(SchemaRegistry(registry.url, "market", "hush"))


def test_plaintext_and_half_a_login_are_refused(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InsecureConnection, match="plaintext"):
        SchemaRegistry("http://registry:8081").versions("in.day-value")
    SchemaRegistry("http://registry:8081", allow_plaintext=True).verify()
    SchemaRegistry("https://registry:8081").verify()
    with pytest.raises(WrongConnection, match="password: missing"):
        SchemaRegistry("https://registry:8081", "market").verify()
    for url, said in (
        ("registry:8081", "SUYUAN_REGISTRY: 'registry:8081' is not http"),
        ("http://registry:8081", "SUYUAN_REGISTRY: registry would be spoken to in plaintext"),
    ):
        with pytest.raises(SuyuanError) as caught:
            load(registry=url).schema_registry()
        assert caught.value.kind == ErrorKind.CONFIGURATION
        assert said in str(caught.value)
    assert load().schema_registry() is None


def test_without_a_registry_ids_are_the_built_in_ones():
    accept_registered_ids(load())
    line = b'{"kind":"day","event_id":"D","publisher":"P","occurred_at":1,"date":"2026-01-01"}'
    value = encode_event("day", parse_event(line).event)
    assert decode_run("day", [value]).failures == []
