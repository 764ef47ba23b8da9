"""Which events count is a matter of the log's time of them, which these tests set, and of nobody else's clock."""

import asyncio
import datetime as dt
import random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.reference.assessment import expected_chains
from tests.reference.markets import generate
from tests.reference.records import china_day
from tests.reference.strategies import markets
from tests.streams.embedded_world import EmbeddedWorld
from tests.streams.results import current_chains, expected_outcomes, outcomes
from tests.streams.stages.part import Part
from tests.streams.stages.published import NOON, event
from tests.streams.world import World

DAY_MS = 86_400_000
FIRST_MOMENT = 946_684_800_000
EDGES = (-2 * DAY_MS - 1, -2 * DAY_MS, -2 * DAY_MS + 1, -DAY_MS, 0, DAY_MS, 30 * DAY_MS)
"""how long after it occurred the log takes an event: the first is too early"""


def taken(sent):
    """Whether the one event of a run is accepted."""
    topics = {topic for topic in sent if topic.startswith("event.") or topic == "dead_letter"}
    assert len(topics) == 1
    return topics != {"dead_letter"}


@pytest.mark.parametrize("kind", ["listing", "entity", "shipment", "complaint"])
@pytest.mark.parametrize("after", EDGES)
def test_an_event_is_of_the_past_or_of_the_next_two_days(kind, after):
    sent = Part("intake").events(kind, event(kind), taken_at=NOON + after)
    assert taken(sent) == (after >= -2 * DAY_MS)
    if not taken(sent):
        (letter,) = sent["dead_letter"]
        assert "more than two days after" in letter["reason"]


@pytest.mark.parametrize(("at", "counts"), [(FIRST_MOMENT - 1, False), (FIRST_MOMENT, True), (-1, False), (0, False)])
def test_nothing_is_older_than_the_year_2000(at, counts):
    assert taken(Part("intake").events("entity", event("entity", occurred_at=at), taken_at=NOON)) == counts


@given(st.integers(FIRST_MOMENT, 4 * 10**12), st.integers(-2, 3))
@settings(max_examples=30, deadline=None)
def test_a_day_begins_at_most_a_day_after_the_log_took_it_in_china(taken_at, ahead):
    date = china_day(taken_at) + dt.timedelta(ahead)
    said = event("day", occurred_at=taken_at, date=str(date))
    assert taken(Part("intake").events("day", said, taken_at=taken_at)) == (ahead <= 1)


def test_the_app_over_the_embedded_log_goes_by_its_time_too(tmp_path):
    chance = random.Random(4)
    events = generate(4, noise=1)
    moments = [max(0, each["occurred_at"] + chance.choice(EDGES)) for each in events]
    with EmbeddedWorld(tmp_path) as world:
        world.publish_events(events, moments)

        async def work():
            async with world.running() as app:
                await world.drained(app)

        asyncio.run(work())
        assert current_chains(world) == expected_chains(events, moments) != expected_chains(events)


@st.composite
def takings(draw):
    """Events of a market, and when the log takes each: as often as not at a moment at which it counts by a hair."""
    events = draw(markets(listings=4, products=2))
    events += draw(st.lists(st.sampled_from(events), max_size=6)) if events else []
    moments = []
    for each in events:
        edges = [each["occurred_at"] + after for after in EDGES]
        if each["kind"] == "day":
            begins = int(dt.datetime.fromisoformat(f"{each['date']}T00:00:00+08:00").timestamp() * 1000)
            edges += [begins - DAY_MS, begins - DAY_MS - 1, begins]
        moments.append(max(0, draw(st.sampled_from(edges))))
    return events, moments


@given(takings(), st.integers(1, 3), st.integers(0, 10_000))
@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # making a failing course small takes minutes
)
def test_chains_are_those_of_the_events_that_count_by_the_time_of_the_log(course, partitions, seed):
    events, moments = course
    world = World(partitions, seed, slice_rows=50)
    half = len(events) // 2
    at = world.publish_events(events[:half], moments[:half])
    world.drain()
    at += world.publish_events(events[half:], moments[half:])
    world.drain()
    assert current_chains(world) == expected_chains(events, moments)
    assert outcomes(world) == expected_outcomes(events, at, moments)
