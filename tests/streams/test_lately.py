"""What was sent lately is not sent again, and whoever is in doubt sends."""

import asyncio
from collections import Counter

import pytest

from suyuan.streams.lately import DAY_MS, Lately
from suyuan.streams.runner import Incoming
from suyuan.streams.stage import Run
from tests.streams.results import newest_chains
from tests.streams.test_corners import event
from tests.streams.world import Killed, World

NAMES = ["a", "b", "a", "c"]


def test_each_is_sent_once_a_day():
    lately = Lately()
    assert lately.unsent(NAMES, DAY_MS) == [0, 1, 3]
    assert lately.unsent([*NAMES, "d"], 2 * DAY_MS - 1) == [4]
    assert lately.unsent(NAMES, DAY_MS, again=True) == [0, 1, 3]
    assert lately.unsent(NAMES, 2 * DAY_MS) == [0, 1, 3]


def test_few_are_known_and_the_others_are_sent_again():
    lately = Lately(limit=6)
    for name in "abcdefgh":
        assert lately.unsent([name], 0) == [0]
    assert lately.unsent(["h", "g"], 0) == []
    assert lately.unsent(["a"], 0) == [0]
    assert len(lately._new) + len(lately._old) <= 6


def test_who_asks_what_is_unknown_keeps_the_others_known_and_makes_none_so():
    lately = Lately(limit=6)
    lately.unsent(["a", "b"], DAY_MS)
    assert lately.unknown(["a", "c", "b", "c"], DAY_MS) == [1, 3]
    assert lately.unsent(["c"], DAY_MS) == [0]
    for name in "defgh":
        assert lately.unknown(["a"], DAY_MS) == []
        lately.unsent([name], DAY_MS)
    assert lately.unsent(["b"], DAY_MS) == [0]
    assert lately.unknown(["a"], 2 * DAY_MS) == [0]


LISTINGS = [event("listing", listing_id=str(number)) for number in range(4)]


def arrived():
    """A world in which listings of one seller's wait for their assessment."""
    world = World(1)
    world.publish_events([event("entity"), event("product"), event("lot"), *LISTINGS])
    while waiting := [each for each in world._waiting() if each[1] != "producer.listing"]:
        asyncio.run(world._turn(*waiting[0]))
    return world


def assess(world, died_before=None):
    """The listings that wait, by the same runner as before."""
    (timestamps, keys, values), topic = zip(*world.log["producer.listing", 0], strict=True), "producer.listing"
    run = Run(topic, 0, range(len(values)), keys, values, timestamps)
    world._die_before = died_before
    asyncio.run(world._runners["producer"].process(Incoming(topic, 0, run)))


def named(world, topic):
    return Counter(row["parties"] for row in world.rows(topic))


def test_parties_are_sent_once_for_all_chains_that_have_them():
    world = arrived()
    world.drain()
    assert len(newest_chains(world)) == len(LISTINGS)
    assert named(world, "chain").keys() == named(world, "chain.parties").keys()
    assert set(named(world, "chain.parties").values()) == {1}


@pytest.mark.parametrize("step", ["state", "outputs"])
def test_parties_that_a_failure_kept_from_the_log_are_sent_by_whoever_does_it_again(step):
    world = arrived()
    with pytest.raises(Killed):
        assess(world, died_before=step)
    assert not named(world, "chain.parties")
    assess(world)
    world.drain()
    assert len(newest_chains(world)) == len(LISTINGS)
