"""The soak itself: small, with every change; five minutes of it by `make faults`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.cluster.amounts import RESULTS, SEED, keep_figures
from tests.soak import plan
from tests.soak.findings import findings
from tests.soak.market import Market, Size, is_right
from tests.soak.plan import Fault
from tests.soak.soaking import soak, summary

pytestmark = pytest.mark.real_time

SMOKE = Size(simulated=600, dense=2, seconds=11, every=4, partitions=2, workers=2, transactions=True)
FAULTS = [
    Fault(3, plan.WORKER_KILLED, 0.0, "a"),
    Fault(4, plan.WORKER_STOPPED, 9.0, "b"),
    Fault(5, plan.LOADER_KILLED, 0.5),
    Fault(6, plan.TABLES_KILLED, 1.0),
]


@pytest.mark.usefixtures("start_broker")
def test_a_market_with_faults_ends_right_and_what_were_wrong_would_be_found(tmp_path):
    doctored = []

    def look_for_what_is_not_so(cluster, tables, events, wanted, in_turn):
        (one, another, *_) = wanted.chains
        assert [chains == wanted.reference for chains in in_turn.values()] == [True, True]
        wrong = replace(
            wanted,
            chains=wanted.chains | {one: ("removed", ["never"])},
            reference={key: chain for key, chain in wanted.reference.items() if key != another},
            alerts=wanted.alerts - {min(wanted.alerts)},
        )
        event = {**events[0], "event_id": "nobody published this"}
        doctored.append(findings(cluster, tables, [*events, event], wrong, {}))

    market = Market(SEED, SMOKE, tmp_path / "market", faults=FAULTS, at_rest=look_for_what_is_not_so)
    found = market.run()
    assert is_right(found), summary(found)
    assert found["faults"] == {fault.kind: 1 for fault in FAULTS}
    assert found["chains compared"] > 100
    assert found["standing alerts"]
    assert not market.folder.exists(), "a right one leaves nothing"
    assert (doctored[0]["wrong chains"], doctored[0]["wrong alerts"]) == (2, 1)
    assert "1 events were not accepted" in doctored[0]["reasons"][0]
    assert not is_right(doctored[0])


if RESULTS:

    @pytest.mark.timeout(3600)
    @pytest.mark.usefixtures("start_broker")
    def test_five_minutes_are_right():
        markets = soak(5, SEED, results=Path(RESULTS).with_name("soak.json"))
        assert not [summary(found) for found in markets if not is_right(found)]
        keep_figures(
            "soak: whatever happens to a cluster",
            markets=len(markets),
            faults=sum(sum(found["faults"].values()) for found in markets),
            chains=sum(found["chains compared"] for found in markets),
            different_chains=0,
            gap=0,
            duplicates=0,
        )
