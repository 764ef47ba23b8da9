"""What partitions tell one another of sellers, under kills, in any order, and when a former owner tells late."""

import random

import pytest

from suyuan.domain.keys import partition_of
from suyuan.schemas.blocks import decode_block
from tests.reference.assessment import expected_chains
from tests.reference.markets import generate
from tests.streams.results import current_chains
from tests.streams.test_chains_anew import anew, as_the_stages_say
from tests.streams.world import World


def told_again(world, chance):
    """All that was ever told of sellers, in any order, as if it had lain in the hands of former owners."""
    for partition in range(world.partitions):
        messages = [value for *_, value in world.log["producer.seller", partition]]
        for value in chance.sample(messages, len(messages)):
            if (decode_block(value)["message"] == "told").all():
                world.publish("producer.seller", partition, None, value)


@pytest.mark.parametrize("seed", range(3))
def test_chains_are_right_though_former_owners_of_a_home_tell_late(seed):
    chance = random.Random(seed)
    events = generate(seed, listings=40, products=8)
    world = World(chance.choice((2, 3)), seed, crashes=0.1, overlaps=0.3, slice_rows=chance.choice((1, 3, 50)))
    # listings first: each waits for the home of its seller, and then for what changes there
    first = sorted(events, key=lambda event: (event["kind"] != "listing", chance.random()))
    for third in range(3):
        world.publish_events(first[third * len(first) // 3 : (third + 1) * len(first) // 3])
        world.drain()
    assert any(row["message"] == "told" for row in world.rows("producer.seller"))
    told_again(world, chance)
    world.drain()
    world.publish_events(chance.sample(events, len(events) // 2))
    world.drain()
    assert current_chains(world) == expected_chains(events)
    assert anew(world) == as_the_stages_say(world)


def test_each_partition_asks_each_home_once_and_none_where_there_is_one():
    events = generate(4, listings=60, products=8)
    for partitions in (1, 3):
        world = World(partitions, 4, batches=(7,))
        world.publish_events(events)
        world.drain()
        asked = [(row["code"], row["asker"]) for row in world.rows("producer.seller") if row["message"] == "asked"]
        assert len(asked) == len(set(asked))
        assert all(partition_of(code, partitions) != asker for code, asker in asked)
        assert bool(asked) == (partitions > 1)
