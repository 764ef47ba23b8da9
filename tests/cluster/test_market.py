"""A market streams through workers that come, go and die: in the end all is as the embedded run has it."""

from __future__ import annotations

import random
import time

import pytest

from suyuan.simulation.market import Market
from tests.cluster.amounts import SEED, amount, keep_figures
from tests.cluster.crew import Crew
from tests.cluster.undisturbed import embedded_run
from tests.end_to_end.markets import markets
from tests.streams.results import current_chains, standing_alerts

pytestmark = pytest.mark.real_time

EVENTS = amount(11_500, 760_000)
LISTINGS = amount(3_000, 200_000)
CREWS = amount((1, 3, 1), (1, 3, 1, 2, 3, 1) * 8)
"""how many workers there are, one time after another"""
PATIENCE_SECONDS = amount(240, 3600)


@pytest.mark.timeout(amount(480, 4 * 3600))
def test_workers_come_go_and_die_while_a_market_streams(make_cluster, tables, tmp_path):
    chance = random.Random(SEED)
    # chains of trade in their order, and dense small markets in none
    events = [*Market(SEED).events(EVENTS), *markets(range(100 * SEED, 100 * SEED + 10))]
    chance.shuffle(dense := events[EVENTS:])
    events[EVENTS:] = dense
    chains, alerts = embedded_run(events, tmp_path / "embedded", PATIENCE_SECONDS)
    assert len(chains) >= LISTINGS
    assert alerts

    cluster = make_cluster()
    crew = Crew(cluster)
    began = time.monotonic()
    for turn, wanted in enumerate(CREWS):
        surplus = chance.sample(crew.names, max(0, len(crew.names) - wanted))
        killed = surplus[::2] or chance.sample(crew.names, min(1, len(crew.names)))
        crew.kill(*killed)
        crew.stop(*surplus[1::2])
        crew.start(*[name for name in "abc" if name not in crew.names][: wanted - len(crew.names)])
        cluster.publish_events(events[len(events) * turn // len(CREWS) : len(events) * (turn + 1) // len(CREWS)])
        time.sleep(chance.uniform(0, 8))  # at any moment of their work, or of their coming
        crew.check()
    cluster.wait_drained(PATIENCE_SECONDS)
    seconds = time.monotonic() - began
    crew.stop(*crew.names)

    wrong = {key for key, chain in current_chains(cluster).items() if chains.get(key) != chain}
    assert not wrong
    assert current_chains(cluster).keys() == chains.keys()
    assert standing_alerts(cluster) == alerts
    rows = tables.load(cluster.connection, PATIENCE_SECONDS)
    assert tables.chains() == chains
    assert tables.standing_alerts() == alerts
    keep_figures(
        "a market while workers come, go and die",
        **{"events": len(events), "listings": len(chains), "standing alerts": len(alerts), "seconds": round(seconds)},
        **{"crews": list(CREWS), "workers started": crew.started, "kills": crew.killed, "stops": crew.stopped},
        **{"different chains": len(wrong), "gap": 0, "duplicates": 0, "rows loaded": sum(rows.values())},
    )
