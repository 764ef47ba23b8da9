"""Where reading stops is said by the messages alone: not by how they came together, nor by restarts."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.streams.dead_letter_limit import DeadLetterLimit, TooManyDeadLetters
from tests.streams.results import outcomes
from tests.streams.stages.part import Part, encoded
from tests.streams.stages.published import event
from tests.streams.world import World

SMALL = DeadLetterLimit(share=0.5, window=20)


def poisoned(unreadable):
    """Messages of in.lot, one per flag: unreadable where it is set."""
    return [b"\x00\x00\x00\x00\x63" if bad else encoded(event("lot", lot=f"L{n}")) for n, bad in enumerate(unreadable)]


def stop_of(unreadable, limit):
    """The first unreadable message that is one too many, by the definition; None: there is none."""
    for at, bad in enumerate(unreadable):
        if bad and sum(unreadable[max(0, at - limit.window + 1) : at + 1]) > limit.share * limit.window:
            return at
    return None


@given(st.lists(st.booleans(), max_size=80), st.integers(1, 12), st.sampled_from([0.1, 0.5, 0.75, 1.0]), st.randoms())
def test_the_first_beyond_is_that_of_the_definition_however_it_is_cut(unreadable, window, share, chance):
    limit = DeadLetterLimit(share, window)
    offsets = np.flatnonzero(unreadable)
    noted, found = np.array([], dtype=np.int64), None
    while len(offsets) and found is None:
        cut = chance.randint(1, len(offsets))
        part, offsets = offsets[:cut], offsets[cut:]
        index = limit.first_beyond(noted, part)
        if index is None:
            noted = limit.noted(noted, part)
            assert len(noted) <= window
        else:
            found = int(part[index])
    assert found == stop_of(unreadable, limit)


@pytest.mark.parametrize("seed", range(6))
def test_what_is_done_before_the_stop_does_not_depend_on_batches_and_kills(seed):
    chance = random.Random(17)
    unreadable = [chance.random() < (0.1 if n < 150 else 0.8) for n in range(300)]
    stop = stop_of(unreadable, SMALL)
    batches = [(1, 3, 9), (5000,), (2, 40)][seed % 3]
    world = World(1, seed, crashes=0.3 * (seed % 2), batches=batches, dead_letter_limit=SMALL)
    for value in poisoned(unreadable):
        world.publish("in.lot", 0, None, value)
    for _ in range(3):  # the process starts again, and stops at the same place
        with pytest.raises(TooManyDeadLetters) as caught:
            world.drain()
        assert (caught.value.topic, caught.value.partition, caught.value.offset) == ("in.lot", 0, stop)
        assert world.position["in.lot", 0] <= stop
    found = outcomes(world)
    assert found == {("in.lot", 0, n): "dead" if unreadable[n] else "accepted" for n in range(stop)}


def test_one_in_a_thousand_and_a_small_file_of_errors_stop_nothing():
    limit = DeadLetterLimit()
    none = np.array([], dtype=np.int64)
    assert limit.first_beyond(none, np.arange(0, 10_000_000, 1000)) is None
    assert limit.first_beyond(none, np.arange(500)) is None
    assert limit.first_beyond(none, np.arange(501)) == 500
    assert DeadLetterLimit(share=1.0).first_beyond(none, np.arange(100_000)) is None


def test_the_message_says_what_where_and_what_to_do():
    part = Part("intake", dead_letter_limit=SMALL)
    part.events("lot", *poisoned([True] * 8))
    with pytest.raises(TooManyDeadLetters) as caught:
        part.events("lot", *poisoned([True] * 8))
    said = str(caught.value)
    for piece in ("in.lot-0", "11 of the last 20", "offsets 0 to 10", "unknown schema id 99", "--accept-poison"):
        assert piece in said


def test_the_topics_of_a_partition_are_counted_apart():
    part = Part("intake", dead_letter_limit=SMALL)
    part.events("lot", *poisoned([True] * 8))
    part.events("recall", *poisoned([True] * 8))
