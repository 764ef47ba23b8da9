"""`kill -9` of `suyuan run` at any moment, while others publish: in the end everything is as if nothing had happened.

`SUYUAN_KILLS=20` kills as often (the default is what a test run has time for), `SUYUAN_KILL_SEED` at other moments.
"""

import os
import random
import subprocess
import time

import pytest

from tests.end_to_end.markets import markets, write
from tests.reference.assessment import expected_chains
from tests.streams.results import ALERT_NAMES, standing_alerts
from tests.streams.world import World

pytestmark = pytest.mark.real_time

KILLS = int(os.environ.get("SUYUAN_KILLS", "5"))
SEED = int(os.environ.get("SUYUAN_KILL_SEED", "1"))


def run_and_kill(suyuan, chance):
    """Start the system, and kill it while it starts or while it works."""
    process = suyuan.begin("run", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if chance.random() < 0.7:
        said = next((line for line in process.stderr if "suyuan runs on" in line), None)
        assert said, "ended before it was up"
        time.sleep(chance.uniform(0, 2))
    else:
        time.sleep(chance.uniform(0.5, 5))
    assert process.poll() is None, process.stderr.read()
    process.kill()
    process.communicate()


@pytest.mark.timeout(120 + 60 * KILLS)
def test_a_run_killed_at_random_moments_ends_as_an_undisturbed_one(make_suyuan, tmp_path):
    chance = random.Random(SEED)
    events = markets(range(100 * SEED, 100 * SEED + 6 * KILLS))
    chance.shuffle(events)
    suyuan = make_suyuan()
    for turn in range(KILLS):
        file = write(tmp_path / f"part-{turn}.jsonl", events[turn::KILLS])
        publisher = suyuan.begin("publish", file, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        run_and_kill(suyuan, chance)
        _, errors = publisher.communicate(timeout=60)
        assert publisher.returncode == 0, errors

    suyuan.run_once()

    assert suyuan.chains() == expected_chains(events)
    undisturbed = World(1, batches=(5000,))
    undisturbed.publish_events(events)
    undisturbed.drain()
    alerts = [tuple(row[name] for name in ALERT_NAMES) for row in suyuan("alerts", "--state", "raised")]
    assert sorted(alerts) == sorted(standing_alerts(undisturbed))
