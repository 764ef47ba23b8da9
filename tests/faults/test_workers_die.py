"""Faults 2, 10, 11 of workers: bursts of kills, many that start at once, a process that stands still."""

from __future__ import annotations

import random
import time

import pytest

from suyuan.simulation.market import Market
from tests.cluster.amounts import SEED, amount, keep_figures
from tests.cluster.crew import Crew
from tests.cluster.kafka_cluster import SESSION_SECONDS
from tests.cluster.undisturbed import assert_as_undisturbed
from tests.end_to_end.markets import LAST_DAY, markets

pytestmark = pytest.mark.real_time

BURST = amount(5, 30)
STARTS = amount(1, 20)
PAUSE_SECONDS = amount(float(SESSION_SECONDS), 600.0)


def market(seed, events):
    return [*Market(seed).events(events), LAST_DAY]


@pytest.mark.timeout(300 + 30 * BURST)
def test_a_burst_of_kills_leaves_nothing_behind(make_cluster):
    chance = random.Random(SEED)
    events = markets(range(100 * SEED, 100 * SEED + 20))
    chance.shuffle(events)
    cluster = make_cluster(partitions=2)
    cluster.publish_events(events[::2])
    crew = Crew(cluster)
    crew.start("a", "b")
    crew.wait_at_work("a")
    cluster.publish_events(events[1::2])
    for _ in range(BURST):
        time.sleep(chance.uniform(0.1, 1))
        victim = chance.choice("ab")
        crew.kill(victim)
        crew.start(victim)
    cluster.wait_drained()
    crew.stop("a", "b")
    assert_as_undisturbed(cluster, events)
    keep_figures("2: kills in bursts", events=len(events), kills=crew.killed, differences=0)


@pytest.mark.timeout(240 * (STARTS + 1))
def test_two_that_start_at_once_on_a_full_topic_miss_nothing(make_cluster):
    """Plain Faust lost input at the rebalance before the first commit, in five of eight runs."""
    events = market(SEED, 3000)
    for _ in range(STARTS):
        cluster = make_cluster()
        cluster.publish_events(events)
        cluster.work_once(2)
        assert_as_undisturbed(cluster, events)
    keep_figures("two workers that start at once", events=len(events), starts=STARTS, differences=0)


@pytest.mark.timeout(300 + PAUSE_SECONDS)
def test_a_worker_that_stood_still_beyond_its_session_writes_no_more(make_cluster, tables):
    events = market(SEED, 20_000)
    cluster = make_cluster(partitions=2)
    cluster.publish_events(events)
    crew = Crew(cluster)
    crew.start("stands-still")
    with cluster.progress() as progress:
        while not progress()[0]:
            crew.check()
        crew.pause("stands-still")
        assert progress()[1], "it had done everything before it stood still"
    crew.start("goes-on")
    crew.wait_at_work("goes-on")
    cluster.wait_drained()
    time.sleep(PAUSE_SECONDS)
    crew.resume("stands-still")
    assert crew.wait_ended("stands-still") == 1
    assert "no heartbeat reached the group's coordinator within the session timeout" in cluster.said("stands-still")
    crew.start("stands-still")  # on the state that it left, which the other one has overtaken
    crew.wait_at_work("stands-still")
    crew.kill("goes-on")
    cluster.publish_events(more := [event | {"event_id": f"again-{event['event_id']}"} for event in events[:500]])
    cluster.wait_drained()
    crew.stop("stands-still")
    assert_as_undisturbed(cluster, [*events, *more])
    tables.load(cluster.connection)
    keep_figures("11: a worker that stood still", seconds=PAUSE_SECONDS, gap=0, duplicates=0, differences=0)
