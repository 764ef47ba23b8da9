"""What a deployment promises, whichever shape it has."""

from __future__ import annotations

import json
import threading
from functools import partial
from random import Random

import pytest

from suyuan.access.scope import EVERYTHING
from suyuan.connections.log_errors import MessagesLost
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations import tail as tailing
from suyuan.operations.dead_letters.log import Gone
from suyuan.operations.dead_letters.place import Place
from suyuan.operations.dead_letters.replay import Candidate, Replayer
from suyuan.operations.exporting.lines import Exported
from suyuan.publishing.files.batches import Publisher
from suyuan.publishing.files.tally import Tally
from suyuan.queries.api import AlertFilter, Page
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import Settings
from suyuan.schemas.events import decode_event
from suyuan.schemas.topics import INPUTS
from tests.reference.names import credit_code
from tests.runtime.shapes import PARTITIONS
from tests.sinks.contract.views import load
from tests.sinks.rows import alert, block, dead_letter
from tests.streams.event_messages import parsed_whenever
from tests.streams.stages.part import encoded
from tests.streams.stages.published import NOON, event

PATIENCE_SECONDS = 60.0
RNG = Random(17)


def entities(count):
    """Of codes of their own, so that both partitions get some."""
    return [event("entity", code=credit_code(RNG)) for _ in range(count)]


def publish(deployment, events):
    tally = Tally()
    with deployment.outlet() as outlet:
        publisher = Publisher(outlet, tally, clock=lambda: NOON / 1000 + 60)
        for each in map(parsed_whenever, events):
            publisher.take(each.kind, each.event)
        publisher.flush()
    return tally


def came(tail, count):
    """The values of so many messages, by place; more would be too many."""
    found = {}
    while len(found) < count:
        read = tail.read(PATIENCE_SECONDS)
        assert read, f"{len(found)} of {count} came in {PATIENCE_SECONDS} s"
        for messages in read:
            for offset, value in zip(messages.offsets, messages.values, strict=True):
                found[Place(messages.topic, messages.partition, offset)] = value
    assert len(found) == count
    return found


def ids(values):
    return sorted(decode_event(value, "entity")[1]["event_id"] for value in values)


def named(events):
    return sorted(each["event_id"] for each in events)


def test_what_is_published_is_counted_comes_by_the_tail_and_is_there_by_its_place(deployment):
    events = entities(40)
    with deployment.tail(["in.entity"]) as tail:
        assert tail.read() == []
        tally = publish(deployment, [*events, events[0]])
        assert (tally.accepted, tally.duplicate, tally.rejected) == (40, 1, 0)
        found = came(tail, 40)
        assert tail.next_offsets == tail.end_offsets()
    assert ids(found.values()) == named(events)
    assert {place.partition for place in found} == set(range(PARTITIONS))
    for place, value in found.items():
        assert deployment.raw_event(place) == value
    beyond = Place("in.entity", 0, 1_000_000)
    with pytest.raises(Gone, match=r"the log does not have in\.entity-0 at offset 1000000 any more"):
        deployment.raw_event(beyond)
    assert deployment.raw_events([beyond, *found]) == [None, *found.values()]
    assert deployment.raw_events([]) == []


def test_a_tail_goes_on_where_another_ended_a_portion_at_a_time(shape, deployment, monkeypatch):
    """Whoever was away in between misses nothing and gets nothing twice."""
    monkeypatch.setattr(tailing, "MOST_BYTES", 3_000)
    with deployment.tail(["alert.state", "chain"]) as tail:
        at = tail.next_offsets
    values = [bytes([number]) * 1_000 for number in range(12)]
    shape.append("alert.state", 0, *values[:9])
    shape.append("alert.state", 1, *values[9:])
    shape.append("chain", 0, b"chain")
    found = {}
    for _ in range(20):
        with deployment.tail(["alert.state", "chain"], at) as tail:
            for messages in tail.read(PATIENCE_SECONDS if len(found) < 13 else 0.0):
                assert sum(map(len, messages.values)) <= 3_000
                for offset, value in zip(messages.offsets, messages.values, strict=True):
                    assert found.setdefault((messages.topic, messages.partition, offset), value) is value
            at = tail.next_offsets
            assert set(at) == {(topic, number) for topic in ("alert.state", "chain") for number in range(PARTITIONS)}
    assert sorted(found.values()) == sorted([*values, b"chain"])
    offsets = [offset for topic, number, offset in found if (topic, number) == ("alert.state", 0)]
    assert offsets == sorted(offsets)


def test_a_backlog_of_one_partition_does_not_keep_others_waiting(shape, deployment, monkeypatch):
    monkeypatch.setattr(tailing, "MOST_BYTES", 1_000)
    with deployment.tail(["alert.state"]) as tail:
        shape.append("alert.state", 0, *[b"x" * 1_000] * 6)
        shape.append("alert.state", 1, b"y")
        first = [messages.partition for _ in range(2) for messages in tail.read(PATIENCE_SECONDS)]
    assert 1 in first


def test_a_tail_waits_for_what_comes_from_elsewhere(shape, deployment):
    with deployment.tail(["alert.state"]) as tail:
        assert tail.read(0.05) == []
        sending = threading.Thread(target=shape.append, args=("alert.state", 1, b"late"))
        sending.start()
        (messages,) = tail.read(PATIENCE_SECONDS)
        sending.join()
    assert (messages.topic, messages.partition, list(messages.values)) == ("alert.state", 1, [b"late"])


def test_a_tail_from_the_start_passes_over_what_was_deleted_and_one_that_goes_on_refuses_what_it_missed(
    shape, deployment
):
    shape.append("chain", 1, b"deleted", b"kept")
    with deployment.tail(["chain"]) as tail:
        end = tail.next_offsets["chain", 1]
    shape.delete_before(("chain", 1), end - 1)
    missed = f"chain-1: 1 messages, offsets {end - 2} to {end - 2}, were deleted before they"
    with pytest.raises(MessagesLost, match=missed), deployment.tail(["chain"], {("chain", 1): end - 2}):
        pass
    with deployment.tail(["chain"], {}) as tail:
        found = [messages for messages in tail.read(PATIENCE_SECONDS) if messages.partition == 1]
    assert [(list(each.offsets), list(each.values)) for each in found] == [([end - 1], [b"kept"])]
    lost = f"chain-1 ends at {end}, and was read up to {end + 5}: it lost its end"
    with pytest.raises(MessagesLost, match=lost), deployment.tail(["chain"], {("chain", 1): end + 5}):
        pass


def test_a_tail_that_is_overtaken_by_deletion_says_so(shape, deployment):
    with deployment.tail(["chain"]) as tail:
        first = tail.next_offsets["chain", 0]
        shape.append("chain", 0, b"missed", b"kept")
        shape.delete_before(("chain", 0), first + 1)
        with pytest.raises(MessagesLost, match=f"chain-0: 1 messages, offsets {first} to {first}"):
            tail.read(PATIENCE_SECONDS)


def test_a_topic_that_is_not_there_is_named(deployment):
    with pytest.raises(SuyuanError, match="nonsense"), deployment.tail(["nonsense"]):
        pass


def test_a_dead_letter_that_the_tables_have_is_sent_again_once(shape, deployment):
    (entity,) = entities(1)
    value = encoded(entity)
    with deployment.tail(["in.entity"]) as tail:
        shape.append("in.entity", 1, value)
        (place,) = came(tail, 1)
    letter = dead_letter(*place, key=b"k", payload=value, payload_bytes=len(value), kind="entity")
    with shape.tables() as clickhouse:
        load(clickhouse, "dead_letter", block("dead_letter", letter))

    def replayed():
        with deployment.queries() as ask, deployment.replay_log() as log:
            replayer = Replayer(log, partial(ask.whole_dead_letters, EVERYTHING))
            return [outcome.result for outcome in replayer.replay([Candidate(place)])]

    with deployment.tail(["in.entity"]) as tail:
        assert replayed() == ["replayed"]
        assert replayed() == ["replayed_before"]
        assert list(came(tail, 1).values()) == [value]


def test_every_event_is_exported_once(shape, deployment):
    events = entities(5)
    publish(deployment, events)
    shape.append("in.entity", 0, b"no event")
    done = Exported()
    lines = [json.loads(line) for line in deployment.exported_lines(done)]
    ours = [line["event_id"] for line in lines if line["event_id"] in set(named(events))]
    assert sorted(ours) == named(events)
    assert done.events == len(lines)
    assert done.unreadable >= 1


def test_state_is_made_anew_from_every_event_and_of_one_partition_while_all_go_on(shape, deployment):
    publish(deployment, entities(3))
    with deployment.tail(INPUTS, {}) as tail:
        ends = tail.end_offsets()
    at = ("in.entity", 1)
    shape.commit({at: ends[at]})
    assert deployment.rebuild_state() == sum(ends.values())
    assert shape.committed(at) == 0
    with deployment.tail(["intake.lookup", "producer.backlog"]) as tail:
        assert deployment.rebuild_partition(1) == PARTITIONS + 1
        assert len(came(tail, PARTITIONS + 1)) == PARTITIONS + 1
    with pytest.raises(SuyuanError, match=rf"there is no such partition \(0 to {PARTITIONS - 1}\)") as refused:
        deployment.rebuild_partition(PARTITIONS)
    assert refused.value.kind == ErrorKind.USAGE


def test_checks_look_at_what_the_shape_has(shape, deployment):
    with shape.tables() as clickhouse:
        load(clickhouse, "alert.state", block("alert_state", alert("a")))
    with deployment.queries() as ask:
        assert [row.alert_id for row in ask.alerts(EVERYTHING, AlertFilter(), Page(9)).rows] == ["a"]
    found = list(deployment.checks())
    assert [finding for finding in found if finding.status == "failed"] == []
    checks = {finding.check for finding in found}
    assert checks >= {"folder", "clock", "tables", "desks", "chains", "unmatched", "event ids"} | shape.checks
    assert not checks & shape.foreign_checks


def test_settings_are_verified_by_whoever_needs_them(tmp_path):
    """Tables in the folder are there to be asked though the way to the brokers is none."""
    mixed = deployment_of(Settings(data=tmp_path / "none", kafka="elsewhere.example:9092"))
    with mixed.queries() as ask, pytest.raises(SuyuanError, match="there is no data folder"):
        ask.verdicts(EVERYTHING)
    with pytest.raises(SuyuanError, match=r"SUYUAN_KAFKA_TLS: elsewhere\.example would be spoken to") as refused:
        mixed.outlet()
    assert refused.value.kind == ErrorKind.CONFIGURATION
    with pytest.raises(SuyuanError, match="SUYUAN_CLICKHOUSE"):
        list(deployment_of(Settings(data=tmp_path / "none", clickhouse="elsewhere.example:8123")).checks())


def test_a_folder_without_a_log_is_told(tmp_path):
    nothing = deployment_of(Settings(data=tmp_path / "none"))
    for asked in (
        nothing.rebuild_state,
        lambda: nothing.rebuild_partition(0),
        lambda: nothing.replay_log().__enter__(),
    ):
        with pytest.raises(SuyuanError, match=str(tmp_path / "none")) as refused:
            asked()
        assert refused.value.kind == ErrorKind.CONFIGURATION
    with pytest.raises(SuyuanError), nothing.tail(["alert.state"]):
        pass
    assert not (tmp_path / "none").exists()
