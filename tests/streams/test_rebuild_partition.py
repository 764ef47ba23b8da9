"""A partition that lost part of its state is told again what belongs to it, while the others go on."""

import random

import pytest

from suyuan.domain.keys import SEPARATOR
from suyuan.operations.state_rebuild.requests import requests
from tests.reference import names
from tests.reference.assessment import expected_chains
from tests.reference.markets import generate
from tests.reference.records import current_listings
from tests.streams.results import current_chains, newest_chains, standing_alerts
from tests.streams.test_chains_anew import anew, as_the_stages_say, events_of_case
from tests.streams.world import LAST_MOMENT, World

PARTITIONS = 3
KEPT = {"count", "day-before"}
"""what nobody else knows: each take-over begins a new count"""
SELLERS = ("facts-seller", "penalty", "seller-asker", "seller-version", "sells", "asked-sellers")


def drop(world, partition, chance, share, words):
    """Some of what a producer partition keeps, here and now, of these words, or of all; what was dropped."""
    state = world.states["producer"]
    view = state.view(partition)
    there = {key.split(SEPARATOR.encode())[0].decode(): None for key, _ in view.scan(b"")}
    dropped = []
    for word in sorted(words or there.keys() - KEPT):
        dropped += [key for key, _ in view.scan(word.encode() + SEPARATOR.encode()) if chance.random() < share]
    for key in dropped:
        view.delete(key)
    state.commit_now(partition, view, {})
    return dropped


def kept_listings(world):
    return [world.states["producer"].view(at).scan(b"listing") for at in range(PARTITIONS)]


def ask(world, partition):
    for topic, number, value in requests(partition, world.partitions):
        world.publish(topic, number, None, value)


def later(events):
    """Every active listing once more, with another price: each is assessed again."""
    return [
        listing | {"event_id": f"again-{number}", "occurred_at": listing["occurred_at"] + 1, "price_fen": 7}
        for number, listing in enumerate(current_listings(events))
    ]


def struck_off(events):
    """Every seller is revoked, and fined: a listing that is not found by its seller has the chain of before."""
    said = {"publisher": names.credit_code(random.Random(9)), "occurred_at": LAST_MOMENT}
    decision = {"decision_no": "D9", "division": "330106", "ground": "x", "amount_fen": 1, "status": "in_force"}
    codes = sorted({listing["seller_code"] for listing in current_listings(events)} - {""})
    for number, code in enumerate(codes):
        entity = {"kind": "entity", "code": code, "name": "x", "status": "revoked"}
        penalty = {"kind": "penalty", "subject_code": code, "decided_on": "2026-01-01"} | decision
        for event in (entity, penalty):
            yield said | event | {"event_id": f"struck-{event['kind']}-{number}"}


@pytest.mark.parametrize(
    ("words", "seed", "share"), [((), 1, 1.0), ((), 4, 0.3), (SELLERS, 2, 1.0), (SELLERS, 3, 0.5), ((), 6, 1.0)]
)
def test_what_a_partition_lacks_is_mended(words, seed, share):
    chance = random.Random(seed)
    events = events_of_case(11) if words else generate(seed, listings=30, products=6)
    world = World(PARTITIONS, seed, crashes=0.02, slice_rows=chance.choice((7, 4000)), batches=(50, 5000))
    world.publish_events(events)
    world.drain()
    assert current_chains(world) == expected_chains(events)
    partition = chance.randrange(PARTITIONS)
    assert drop(world, partition, chance, share, words)
    ask(world, partition)
    world.drain()
    revoked = list(struck_off(events))
    world.publish_events(revoked)
    world.drain()
    events += revoked
    assert current_chains(world) == expected_chains(events)
    assert anew(world) == as_the_stages_say(world)
    world.publish_events(later(events))  # each listing is assessed again: no chain is right by standing still
    world.drain()
    expected = expected_chains([*events, *later(events)])
    assert current_chains(world) == expected
    assert anew(world) == as_the_stages_say(world)


def test_a_partition_that_is_well_stays_as_it_is():
    events = events_of_case(12)
    world = World(PARTITIONS, 12, slice_rows=50, batches=(100, 5000))
    world.publish_events(events)
    world.drain()
    alerts = standing_alerts(world)
    received = {key: row["received_at"] for key, row in newest_chains(world).items()}
    listings = kept_listings(world)
    before = {stage: [state.digest(at) for at in range(PARTITIONS)] for stage, state in world.states.items()}
    ask(world, 1)
    world.drain()
    assert current_chains(world) == expected_chains(events)
    assert standing_alerts(world) == alerts
    assert all(row["received_at"] <= received[key] for key, row in newest_chains(world).items()), "nothing is news"
    after = {stage: [state.digest(at) for at in range(PARTITIONS)] for stage, state in world.states.items()}
    assert after["intake"] == before["intake"]
    assert kept_listings(world) == listings
