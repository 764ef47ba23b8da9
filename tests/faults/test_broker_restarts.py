"""Fault 9: brokers that die under the workers. Whoever waited goes on by itself."""

from __future__ import annotations

import random
import threading
import time

import pytest

from tests.cluster.amounts import SEED, amount, keep_figures
from tests.cluster.crew import Crew
from tests.cluster.kafka_cluster import KafkaCluster
from tests.cluster.undisturbed import assert_as_undisturbed
from tests.end_to_end.markets import markets

pytestmark = pytest.mark.real_time

RESTARTS = amount(1, 10)
LONGER_THAN_A_RESTART_SECONDS = "90"
"""a busy machine needs half a minute for one; who cannot reach the group for a session's time must end"""
PATIENCE_SECONDS = 180


@pytest.mark.timeout(400 + 120 * RESTARTS)
def test_workers_go_on_when_their_broker_is_back(start_broker, tmp_path):
    events = markets(range(100 * SEED, 100 * SEED + 6 * (RESTARTS + 1)))
    random.Random(SEED).shuffle(events)
    with start_broker(tmp_path / "broker") as broker:
        cluster = KafkaCluster(broker.connection, tmp_path, 2)
        cluster.session_seconds = LONGER_THAN_A_RESTART_SECONDS
        crew = Crew(cluster)
        try:
            crew.start("a")
            crew.wait_at_work("a")
            slowest = 0.0
            for turn in range(RESTARTS):
                cluster.publish_events(events[turn :: RESTARTS + 1])
                broker.kill()
                broker.restart()
                began = time.monotonic()
                cluster.wait_drained(PATIENCE_SECONDS)
                crew.check()
                slowest = max(slowest, time.monotonic() - began)
            cluster.publish_events(events[RESTARTS :: RESTARTS + 1])
            cluster.wait_drained()
            crew.stop("a")
            assert_as_undisturbed(cluster, events)
        finally:
            cluster.end()
    keep_figures("9: broker killed and restarted", restarts=RESTARTS, seconds=round(slowest, 1), differences=0)


@pytest.mark.timeout(400 + 120 * RESTARTS)
def test_three_workers_go_on_though_one_dies_while_their_broker_comes_up(start_broker, tmp_path):
    """Its death has the group dealt anew by a leader that asks a broker which names no topics yet."""
    chance = random.Random(SEED)
    events = markets(range(100 * SEED + 50, 100 * SEED + 50 + 6 * (RESTARTS + 1)))
    chance.shuffle(events)
    with start_broker(tmp_path / "broker") as broker:
        cluster = KafkaCluster(broker.connection, tmp_path, 3)
        cluster.session_seconds = "30"  # the group waits so long for the one that died
        crew = Crew(cluster)
        try:
            crew.start("a", "b", "c")
            crew.wait_at_work("a", "b", "c")
            slowest = 0.0
            for turn in range(RESTARTS):
                cluster.publish_events(events[turn :: RESTARTS + 1])
                victim = chance.choice("abc")
                broker.kill()
                back = threading.Thread(target=broker.restart)
                back.start()
                time.sleep(chance.uniform(0.5, 4))
                crew.kill(victim)
                back.join()
                crew.start(victim)
                began = time.monotonic()
                cluster.wait_drained(PATIENCE_SECONDS)
                crew.check()
                slowest = max(slowest, time.monotonic() - began)
            cluster.publish_events(events[RESTARTS :: RESTARTS + 1])
            cluster.wait_drained()
            crew.stop("a", "b", "c")
            assert_as_undisturbed(cluster, events)
            for name in {*"abc"} - {victim}:
                assert "suyuan.runtime.outage_log: a broker is away" in (log := cluster.whole_log(name))
                assert "suyuan.runtime.outage_log: all brokers answer again, after" in log
                assert len(log) < 50_000 * RESTARTS, "they say so with every attempt"
            said = sum(len(cluster.whole_log(name)) for name in "abc")
        finally:
            cluster.end()
    keep_figures(
        "9: broker restarted, one of three workers killed meanwhile",
        **{"restarts": RESTARTS, "seconds": round(slowest, 1), "bytes of log": said, "differences": 0},
    )
