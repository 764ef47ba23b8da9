"""When few records of a partition are read."""

import math

import pytest

from suyuan.streams.transport.linger import Linger

AT, OTHER = ("in.listing", 0), ("in.listing", 1)


class Waits:
    """A linger of 0.2 s by a clock that stands still, and 100 records that are enough."""

    def __init__(self):
        self.now = 1000.0
        self.seconds = 0.2
        self._linger = Linger({"in.listing": lambda: self.seconds}, enough=100, clock=lambda: self.now)
        self.read = self._linger.note_read

    def left(self, at=AT, records=1, *, busy=False):
        return self._linger.left(at, records, busy=busy)


@pytest.fixture
def waits():
    return Waits()


def test_what_comes_after_a_rest_is_read_at_once(waits):
    assert waits.left() == 0
    waits.read(AT)
    waits.now += 0.2001
    assert waits.left() == 0


def test_few_wait_until_the_linger_is_over_since_the_last_run_was_read(waits):
    waits.read(AT)
    waits.now += 0.15
    assert waits.left(records=99) == pytest.approx(0.05)
    assert waits.left(OTHER) == 0, "each partition waits for its own"
    waits.seconds = 0.1
    assert waits.left() == 0, "as long as it is told now"


def test_few_wait_for_the_run_before_them_however_long_it_takes(waits):
    waits.read(AT)
    waits.now += 60
    assert waits.left(busy=True) == math.inf


def test_enough_records_wait_for_nothing(waits):
    waits.read(AT)
    assert waits.left(records=100, busy=True) == 0


def test_other_topics_do_not_wait(waits):
    at = ("chain", 0)
    waits.read(at)
    assert waits.left(at, busy=True) == 0
