"""What is drawn before a market begins: by the seed alone, with everything in it that a soak is for."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from suyuan.streams.state.partition import PartitionState
from tests.reference.assessment import expected_chains
from tests.soak import plan
from tests.soak.events import ABANDONED, ABORTED, COMMITTED, PLAIN, draw_script
from tests.soak.market import draw_faults, draw_size
from tests.streams.results import current_chains
from tests.streams.world import World

NAMES = ("a", "b", "c")


@pytest.fixture(scope="module")
def script():
    return draw_script(5, 700, 2, 60.0, [10.0, 20.0], 2, transactions=True)


def test_a_seed_gives_the_same_market_with_the_same_faults(script):
    assert draw_size(5) == draw_size(5)
    assert draw_size(5) != draw_size(6)
    assert draw_faults(5, draw_size(5), NAMES) == draw_faults(5, draw_size(5), NAMES)
    assert draw_faults(5, draw_size(5), NAMES) != draw_faults(6, draw_size(5), NAMES)
    assert draw_script(5, 700, 2, 60.0, [10.0, 20.0], 2, transactions=True) == script


def test_two_hours_hold_every_fault_often():
    faults = [fault for seed in range(30) for fault in draw_faults(seed, draw_size(seed), NAMES)]
    counts = Counter(fault.kind for fault in faults)
    assert set(counts) == set(plan.KINDS)
    assert min(counts.values()) >= 5
    stops = [fault.seconds for fault in faults if fault.kind == plan.WORKER_STOPPED]
    assert all(10 <= seconds <= 90 for seconds in stops)
    assert min(stops) < 20
    assert max(stops) > 80
    under = [fault for fault in faults if fault.kind == plan.BROKER_KILLED_UNDER_A_STOPPED_WORKER]
    assert all(fault.lapse > 6 for fault in under), "its session is over before the broker dies"


def test_every_event_is_sent_some_more_than_once_and_what_is_taken_back_would_show(script):
    kept = [event for each in script.slices if each.how in {PLAIN, COMMITTED} for event in each.events]
    back = [event for each in script.slices if each.how in {ABORTED, ABANDONED} for event in each.events]
    times = Counter(json.dumps(event, sort_keys=True) for event in kept)
    assert set(times) == {json.dumps(event, sort_keys=True) for event in script.events}
    assert sum(times.values()) > 1.1 * len(times)
    assert kept != script.events
    assert {each.how for each in script.slices} >= {PLAIN, COMMITTED, ABORTED}
    assert max(len(each.events) for each in script.slices if each.how == PLAIN) > 100, "bursts"
    assert expected_chains(script.all_events) == expected_chains(script.events)
    assert expected_chains([*script.all_events, *back]) != expected_chains(script.all_events)
    without = draw_script(5, 700, 2, 60.0, [10.0, 20.0], 2, transactions=False)
    assert {each.how for each in without.slices} == {PLAIN}


@pytest.mark.parametrize("word", [b"", b"facts-seller"])
def test_a_hole_in_a_state_shows_when_every_listing_is_published_again(script, word):
    world = World(1, batches=(5000,))
    world.publish_events(script.events)
    world.drain()
    assert current_chains(world) == expected_chains(script.events), "the hole does no harm yet"
    state = world.states["producer"]
    store = state._partition(0).store
    holes = [key for key, _ in store.scan(word) if not key.startswith(b"\x00")][::2]
    store.write_batch(holes, [None] * len(holes))
    state._partitions[0] = PartitionState(store)  # as workers that are started again: nothing is cached,
    world.start_again("producer")  # and nothing remembered
    world.publish_events(script.touches[0])
    world.drain()
    wanted = expected_chains(script.all_events)
    assert sum(current_chains(world)[key] != chain for key, chain in wanted.items()) > 5
