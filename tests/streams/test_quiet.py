"""What follows from events of some time ago waits until all of them are read."""

import pytest

from suyuan.streams.quiet import CALM_SECONDS, OLD_MS, Quiet
from suyuan.streams.stage import Run

NOW = 1_772_000_000_000


class Clock:
    seconds = 100.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def quiet(clock):
    return Quiet(clock)


def read(quiet, topic, at, partition=0):
    run = Run(topic, partition, [0], [None], [b""], [at])
    quiet.note(run, events=topic.startswith("in."))


def test_nothing_waits_while_what_is_read_is_new(quiet):
    assert quiet.before() == 0
    read(quiet, "in.listing", NOW)
    read(quiet, "chain", NOW + OLD_MS)
    assert quiet.before() == 0


def test_old_events_wait_for_those_behind_them_and_live_ones_do_not(quiet):
    read(quiet, "in.listing", NOW - 3_600_000)
    read(quiet, "chain", NOW)
    assert quiet.before() == NOW - OLD_MS
    read(quiet, "in.listing", NOW, partition=1)
    assert quiet.before() == NOW - OLD_MS, "the other partition reads old ones"
    read(quiet, "in.listing", NOW)
    assert quiet.before() == 0


def test_it_is_quiet_again_a_moment_after_the_last_old_event(quiet, clock):
    read(quiet, "in.listing", NOW - 3_600_000)
    read(quiet, "chain", NOW)
    clock.seconds += CALM_SECONDS / 2
    assert quiet.before()
    clock.seconds += CALM_SECONDS
    assert quiet.before() == 0


def test_long_work_that_a_live_event_causes_does_not_wait(quiet):
    read(quiet, "in.recall", NOW)
    for later in range(60):
        read(quiet, "producer.backlog", NOW + 1_000 * later)
        read(quiet, "in.listing", NOW + 1_000 * later)
    read(quiet, "in.recall", NOW)
    assert quiet.before() == NOW + 59_000 - OLD_MS, "an event that lay unread for a minute is an old one"
