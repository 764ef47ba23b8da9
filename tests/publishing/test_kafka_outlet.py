"""What the outlet to Kafka says of repeats, whatever is under way: with brokers that answer when they are told to."""

from __future__ import annotations

import pytest

from suyuan.publishing.errors import PublishingError, Undelivered
from suyuan.publishing.files.kafka import KafkaOutlet
from suyuan.publishing.keys import identities
from suyuan.publishing.sending import Answer
from tests.streams.stages.published import event


class Brokers:
    """Stands for `Sender`."""

    def __init__(self):
        self.sent = []
        self.given_up = False

    def reserve(self, _kind, _messages, _size):
        if self.given_up:
            raise PublishingError("given up")

    def send(self, _kind, _keys, values, answered):
        self.sent.append((values, answered))

    def answer(self, number, rows=None, error=None):
        values, answered = self.sent[number]
        rows = range(len(values)) if rows is None else rows
        answered(Answer("in.listing", 0, list(rows), range(0) if error else range(len(rows)), error))


@pytest.fixture
def brokers():
    return Brokers()


def named(*numbers):
    return identities("listing", [event("listing", event_id=f"e{number}") for number in numbers])


def append(outlet, *numbers):
    return outlet.append(named(*numbers), [str(number).encode() for number in numbers])


def test_an_answer_comes_when_every_event_is_stored(brokers):
    outlet = KafkaOutlet(brokers)
    future = append(outlet, 1, 2, 1)
    assert brokers.sent[0][0] == [b"1", b"2"]
    brokers.answer(0, [1])
    assert not future.done()
    brokers.answer(0, [0])
    assert list(future.result(0).new) == [True, True, False]
    assert list(append(outlet, 2, 1).result(0).new) == [False, False]
    assert len(brokers.sent) == 1


def test_a_repeat_of_what_is_under_way_is_a_duplicate_only_once_that_is_stored(brokers):
    outlet = KafkaOutlet(brokers)
    first, second = append(outlet, 1, 2), append(outlet, 2, 3)
    assert brokers.sent[1][0] == [b"3"]
    brokers.answer(1)
    assert not second.done()
    brokers.answer(0)
    assert list(first.result(0).new) == [True, True]
    assert list(second.result(0).new) == [False, True]


def test_what_was_lost_is_told_and_may_be_sent_again(brokers):
    outlet = KafkaOutlet(brokers)
    first, repeat = append(outlet, 1, 2), append(outlet, 1)
    brokers.answer(0, [0], error="no answer")
    brokers.answer(0, [1])
    taken = first.result(0)
    assert list(taken.new) == [None, True]
    assert isinstance(taken.failure, Undelivered)
    assert str(taken.failure) == "1 events were not stored: no answer"
    assert list(repeat.result(0).new) == [None]  # it rested on what was lost
    again = append(outlet, 1, 2)
    brokers.answer(1)
    assert list(again.result(0).new) == [True, False]


def test_nothing_is_remembered_of_what_the_sender_would_not_take(brokers):
    outlet = KafkaOutlet(brokers)
    brokers.given_up = True
    with pytest.raises(PublishingError, match="given up"):
        append(outlet, 1)
    brokers.given_up = False
    append(outlet, 1)
    assert brokers.sent[0][0] == [b"1"]


def test_what_the_tables_know_is_not_sent(brokers):
    asked = []

    def known(batch):
        asked.append(batch.names())
        return [event_id == "e2" for _, event_id, _ in batch.names()]

    outlet = KafkaOutlet(brokers, known)
    future = append(outlet, 1, 2)
    brokers.answer(0)
    assert list(future.result(0).new) == [True, False]
    assert brokers.sent[0][0] == [b"1"]
    assert [event_id for _, event_id, _ in asked[0]] == ["e1", "e2"]


def test_an_outlet_whose_sender_has_given_up_is_to_be_opened_anew(brokers):
    outlet = KafkaOutlet(brokers)
    brokers.gave_up = False
    assert outlet.usable
    brokers.gave_up = True
    assert not outlet.usable
