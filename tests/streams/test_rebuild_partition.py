"""A partition that lost part of its state is told again what belongs to it, while the others go on."""

import random

import pytest

from suyuan.cli.state_rebuild.requests import requests
from suyuan.domain.keys import SEPARATOR
from tests.reference.assessment import expected_chains
from tests.reference.markets import generate
from tests.streams.results import current_chains, newest_chains, standing_alerts
from tests.streams.test_chains_anew import anew, as_the_stages_say, events_of_case
from tests.streams.world import World

PARTITIONS = 3
NOT_ITS_OWN = {"listing", "count", "day-before"}
"""of a seller: listings come from publishers alone. (A count that was lost would let assessments begin anew.)"""


def drop(world, stage, partition, chance, share, keep=()):
    """Some of what a partition keeps, here and now; what was dropped."""
    state = world.states[stage]
    view = state.view(partition)
    words = {key.split(SEPARATOR.encode())[0].decode(): None for key, _ in view.scan(b"")}
    dropped = []
    for word in sorted(words):
        if word not in keep:
            dropped += [key for key, _ in view.scan(word.encode()) if chance.random() < share]
    for key in dropped:
        view.delete(key)
    state.commit_now(partition, view, {})
    return dropped


def ask(world, partition):
    for topic, number, value in requests(partition, world.partitions):
        world.publish(topic, number, None, value)


def later(events):
    """Every active listing once more, with another price: each is assessed again."""
    listings = [event for event in events if event["kind"] == "listing"]
    newest = {}
    for event in sorted(listings, key=lambda event: (event["occurred_at"], event["event_id"], event["publisher"])):
        newest[event["platform_code"].strip().upper(), event["listing_id"].strip()] = event
    return [
        event | {"event_id": f"again-{number}", "occurred_at": event["occurred_at"] + 1, "price_fen": 7}
        for number, event in enumerate(newest.values())
    ]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("stage", ["producer", "seller"])
def test_what_a_partition_lacks_is_mended(seed, stage):
    chance = random.Random(seed)
    events = events_of_case(11 + seed) if seed < 3 else generate(seed, listings=20, products=6)
    world = World(PARTITIONS, seed, crashes=0.02, slice_rows=chance.choice((7, 4000)), batches=(20, 5000))
    world.publish_events(events)
    world.drain()
    assert current_chains(world) == expected_chains(events)
    partition = chance.randrange(PARTITIONS)
    keep = {"count", "day-before", *(["listing"] if stage == "seller" else [])}
    assert drop(world, stage, partition, chance, chance.choice((0.3, 1.0)), keep)
    ask(world, partition)
    world.drain()
    world.publish_events(later(events))
    world.drain()
    expected = expected_chains([*events, *later(events)])
    assert current_chains(world) == expected
    assert anew(world) == as_the_stages_say(world)


def test_a_partition_that_is_well_stays_as_it_is(seed=12):
    events = events_of_case(12)
    world = World(PARTITIONS, seed, slice_rows=50, batches=(20, 5000))
    world.publish_events(events)
    world.drain()
    alerts = standing_alerts(world)
    received = {key: row["received_at"] for key, row in newest_chains(world).items()}
    before = {stage: [state.digest(at) for at in range(PARTITIONS)] for stage, state in world.states.items()}
    ask(world, 1)
    world.drain()
    assert current_chains(world) == expected_chains(events)
    assert standing_alerts(world) == alerts
    assert {key: row["received_at"] for key, row in newest_chains(world).items()} == received
    after = {stage: [state.digest(at) for at in range(PARTITIONS)] for stage, state in world.states.items()}
    assert after["seller"] == before["seller"]
    assert after["intake"] == before["intake"]
