"""The final chains and alerts depend only on the set of events published, whatever the machine does.

The topology runs on its real runner (see `world.py`); expected chains come from the independent reference.
"""

import json
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from tests.reference.assessment import expected_chains, expected_inputs, expected_paths
from tests.reference.markets import generate
from tests.reference.records import accepted_records
from tests.reference.strategies import deliveries, markets
from tests.streams.results import (
    current_chains,
    expected_outcomes,
    input_gaps,
    outcomes,
    paths,
    published,
    standing_alerts,
)
from tests.streams.world import World

CASES = Path(__file__).parents[1] / "data" / "cases"
EXAMPLES = settings.default.max_examples // 8
"""12, or 125 in the profile `thorough`"""
SHRINKING = {Phase.shrink, Phase.explain} if EXAMPLES > 12 else set()
"""takes minutes: a failing course is made small only in the profile `thorough`"""


def lines(name):
    return [json.loads(line) for line in (CASES / name).read_text(encoding="utf-8").splitlines()]


def undisturbed(events):
    """All at once, in order, in one partition."""
    world = World(1, batches=(5000,))
    world.publish_events(events)
    world.drain()
    return world


@st.composite
def courses(draw):
    """A market and what happens to it: (events, batches in which they are published, world)."""
    events = draw(markets(listings=6, products=3))
    world = World(
        draw(st.integers(1, 6)),
        draw(st.integers(0, 10_000)),
        crashes=draw(st.sampled_from((0.0, 0.05, 0.2))),
        overlaps=draw(st.sampled_from((0.0, 0.5))),
        slice_rows=draw(st.sampled_from((1, 3, 4000))),
    )
    return events, draw(deliveries(events)), world


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate, *SHRINKING],
)
@given(courses(), st.data())
def test_chains_and_alerts_are_those_of_an_undisturbed_run(course, data):
    events, batches, world = course
    sent, at = [], []
    for batch in batches:
        at += world.publish_events(batch)
        sent += batch
        if data.draw(st.booleans(), label="work before the next batch"):
            world.drain()
    world.drain()
    note(f"{len(events)} events, {len(sent)} sent, {len(world.turns)} turns, {world.kills} kills")
    assert current_chains(world) == expected_chains(events)
    assert input_gaps(world) == expected_inputs(events)
    assert paths(world) == expected_paths(events)
    assert standing_alerts(world) == standing_alerts(undisturbed(events))
    assert outcomes(world) == expected_outcomes(sent, at)


@pytest.mark.parametrize("number", [11, 12, 13])
def test_agreed_markets_have_the_agreed_chains(number):
    events = lines(f"market-{number}.events.jsonl")
    expected = {
        (row["platform_code"], row["listing_id"]): (row["verdict"], row["gaps"])
        for row in lines(f"market-{number}.expected.jsonl")
    }
    assert current_chains(undisturbed(events)) == expected
    shuffled = events * 2
    random.Random(number).shuffle(shuffled)
    world = World(3, number, crashes=0.05, slice_rows=200, batches=(100, 2000))
    for third in range(3):
        world.publish_events(shuffled[third::3])
        world.drain()
    assert current_chains(world) == expected
    counts = Counter(outcomes(world).values())
    accepted = len(accepted_records(events))
    assert (counts["accepted"], counts["dead"]) == (accepted, 0)
    assert counts.total() == 2 * len(events)


def test_what_cannot_be_read_is_a_dead_letter_and_its_neighbours_are_not():
    events = generate(5, listings=6, products=2)
    chance = random.Random(5)
    world = World(2, 5, crashes=0.1, overlaps=0.5, slice_rows=10)
    bad = set()
    sent = []
    for event in events:
        sent += world.publish_events([event])
        if chance.random() < 0.3:
            topic, partition = f"in.{event['kind']}", chance.randrange(2)
            value = chance.choice([b"", b"\x00", b"not an event", chance.randbytes(40)])
            bad.add((topic, partition, world.publish(topic, partition, None, value)))
    world.drain()
    found = outcomes(world)
    refused = {at for at, outcome in expected_outcomes(events, sent).items() if outcome == "dead"}
    assert {at for at, outcome in found.items() if outcome == "dead"} == bad | refused
    assert found.keys() == published(world)
    assert current_chains(world) == expected_chains(events)
