"""Replays in the embedded log, without tables: what is sent, in which order, how often."""

from __future__ import annotations

import pytest

from suyuan.eventlog.log import Log, Record
from suyuan.operations.dead_letters import replay as replaying
from suyuan.operations.dead_letters.embedded import EmbeddedReplayLog
from suyuan.operations.dead_letters.log import TOPIC, replays_noted
from suyuan.operations.dead_letters.place import Place
from suyuan.operations.dead_letters.replay import Candidate, Replayer
from suyuan.queries.answers import WholeDeadLetter
from tests.streams.stages.part import encoded
from tests.streams.stages.published import event

TOPICS = ("in.entity", "in.lot")


@pytest.fixture
def log(tmp_path):
    with Log.open(tmp_path, role="publish", fsync="never") as log:
        for topic in (*TOPICS, TOPIC):
            log.create_topic(topic, 2)
        yield log


@pytest.fixture
def letters(log):
    """Twelve dead letters that can be read by now: three in each partition of two topics."""
    found = {}
    for topic in TOPICS:
        for partition in range(2):
            records = [Record(b"k%d" % n, encoded(event(topic.removeprefix("in.")))) for n in range(3)]
            log.append(topic, partition, records)
            found |= {Place(topic, partition, n): record for n, record in enumerate(records)}
    return found


def whole(place, record):
    """What the tables have of a letter."""
    return WholeDeadLetter(
        *place,
        reason="unreadable",
        field=None,
        kind=None,
        payload_bytes=len(record.value),
        received_at=0,
        key=record.key.hex(),
        payload=record.value.hex(),
        withheld=False,
        sha256=None,
    )


@pytest.fixture
def replay(log, letters):
    """What became of all of them."""

    def ask(places):
        return [whole(place, letters[place]) for place in places]

    def run(**how):
        candidates = [Candidate(place, len(record.value)) for place, record in letters.items()]
        return list(Replayer(EmbeddedReplayLog(log), ask, **how).replay(reversed(candidates)))

    return run


def sent(log):
    """Key and value of what was sent again, by topic and partition."""
    found = {}
    for topic in TOPICS:
        for partition in range(2):
            fetched = log.fetch(topic, partition, 3)
            found[topic, partition] = list(zip(fetched.keys, fetched.values, strict=True))
    return found


def expected(letters, times=1):
    found = {}
    for place, record in letters.items():
        found.setdefault((place.topic, place.partition), []).append((record.key, record.value))
    return {at: records * times for at, records in found.items()}


@pytest.mark.parametrize(("count", "size"), [(500, 1 << 20), (5, 1 << 20), (500, 1), (1, 1)])
def test_each_goes_where_it_was_in_order_and_once(log, letters, replay, monkeypatch, count, size):
    monkeypatch.setattr(replaying, "CHUNK_LETTERS", count)
    monkeypatch.setattr(replaying, "CHUNK_BYTES", size)
    outcomes = replay()
    assert [outcome.place for outcome in outcomes] == sorted(letters)
    assert {(outcome.result, outcome.partition == outcome.place.partition) for outcome in outcomes} == {
        ("replayed", True)
    }
    assert [outcome.offset for outcome in outcomes] == [3, 4, 5] * 4
    assert {outcome.result for outcome in replay()} == {"replayed_before"}
    assert sent(log) == expected(letters)
    assert replays_noted(log) == dict.fromkeys(letters, 1)


def test_killed_before_it_was_written_down_it_is_not_sent_a_second_time(log, letters, replay, monkeypatch):
    def die(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(replaying, "note", die)
        with pytest.raises(KeyboardInterrupt):
            replay()
    assert not replays_noted(log)
    assert {(outcome.result, outcome.offset) for outcome in replay()} == {("replayed", None)}
    assert sent(log) == expected(letters)
    assert replays_noted(log) == dict.fromkeys(letters, 1)


def test_by_force_it_is_sent_as_often_as_one_likes(log, letters, replay):
    for _ in range(3):
        assert {outcome.result for outcome in replay(force=True)} == {"replayed"}
    assert sent(log) == expected(letters, times=3)
    assert replays_noted(log) == dict.fromkeys(letters, 3)


def test_a_dry_run_sends_and_writes_nothing(log, replay):
    assert {outcome.result for outcome in replay(dry_run=True)} == {"would_replay"}
    assert not any(sent(log).values())
    assert not replays_noted(log)
