"""Workers on a real broker have the agreed chains; see `test_market` for those that come, go and die."""

from __future__ import annotations

import json
import signal
from collections import Counter

import pytest

from suyuan.errors import SuyuanError
from suyuan.operations.state_rebuild.kafka import rebuild
from tests.reference.records import accepted_records
from tests.streams.results import current_chains, outcomes

pytestmark = pytest.mark.real_time


@pytest.mark.parametrize(("case", "workers"), [(11, 2), (13, 3)], indirect=["case"])
def test_workers_that_start_together_have_the_agreed_chains(case, workers, make_cluster):
    cluster = make_cluster()
    cluster.publish_events(map(json.loads, case.lines))
    cluster.work_once(workers)
    assert current_chains(cluster) == case.expected
    accepted = len(accepted_records([json.loads(line) for line in case.lines]))
    repeated = len(case.lines) - accepted
    assert Counter(outcomes(cluster).values()) == {"accepted": accepted, "duplicate": repeated}


@pytest.mark.parametrize("case", [12], indirect=True)
def test_the_state_made_anew_gives_the_same_chains(case, make_cluster):
    """Those of one worker alone, before and after."""
    cluster = make_cluster(partitions=2)
    cluster.publish_events(map(json.loads, case.lines))
    cluster.work_once()
    assert current_chains(cluster) == case.expected
    assert rebuild(cluster.connection) == len(case.lines)
    cluster.work_once()
    assert current_chains(cluster) == case.expected
    running = cluster.begin_worker("another")
    cluster.wait_said("another", "suyuan works on")
    with pytest.raises(SuyuanError, match="stop them first"):
        rebuild(cluster.connection)
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) == 0
