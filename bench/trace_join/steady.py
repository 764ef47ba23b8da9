"""How long a listing takes to its chain at a steady rate, all records being known: one run of one contestant.

1. An empty broker; the contestant's processes start; the warm-up is published and every chain of it awaited, then the
   records.
2. Listings are published, `rate` a second in fifty portions. A listing's time runs from when its portion was due to be
   published until the broker took its chain (LogAppendTime).
3. The topic is read and compared with what the market says (`check`).
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from bench.trace_join import broker as brokers
from bench.trace_join.check import read_chains
from bench.trace_join.contestants import Contestant
from bench.trace_join.feed import Feed
from bench.trace_join.market import Market
from bench.trace_join.processes import Processes
from bench.trace_join.run import SETTLE_SECONDS, Rules, await_chains

PORTIONS_PER_SECOND = 50
LEFT_OUT_SECONDS = 3
"""at the beginning, not measured"""


async def measure_steady(
    contestant: Contestant, market: Market, rules: Rules, rate: int, folder: Path
) -> dict[str, Any]:
    """The figures of a run, or `failed` with the reason."""
    for leftover in ("state", "logs"):
        shutil.rmtree(folder / leftover, ignore_errors=True)
    state = folder / "state"
    state.mkdir(parents=True)
    size = rate // PORTIONS_PER_SECOND
    with brokers.running(folder / "broker") as broker:
        broker.create_topics(contestant.changelogs)
        async with Feed(broker.servers) as feed:
            warm, _ = feed.batches(market.warm_up, late=False)
            records = [each for each in feed.batches(market.load, late=False)[0] if each[0] == "records"]
            portions = feed.portions(market.load, size)
            processes = Processes(contestant.commands(broker.servers, state, rules.commit_ms), folder / "logs")
            try:
                await feed.publish(warm)
                await await_chains(broker, processes, market.warm_listings, rules.patience)
                await feed.publish(records)
                await asyncio.sleep(SETTLE_SECONDS)
                cpu = processes.cpu_seconds()
                due = await feed.publish_steadily(portions, 1 / PORTIONS_PER_SECOND)
                await await_chains(broker, processes, market.all_listings, rules.patience)
                cpu = processes.cpu_seconds() - cpu
            except (RuntimeError, TimeoutError) as reason:
                return {"failed": str(reason), "chains_written": broker.chains_written()}
            finally:
                processes.end()
            output = await read_chains(broker.servers, market)
    first = LEFT_OUT_SECONDS * rate
    taken = np.array(output.taken[market.warm_listings + first :], dtype=np.float64)
    waits = (taken - np.repeat(due, size)[first : first + len(taken)] * 1000)[taken > 0]
    return {
        "rate": rate,
        **{f"p{share}_ms": round(float(np.percentile(waits, share)), 1) for share in (50, 95, 99)},
        "max_ms": round(float(waits.max()), 1),
        "cores": round(cpu / (len(portions) / PORTIONS_PER_SECOND), 2),
        "exact": output.exact,
        "missing": output.missing,
        "repeated": output.repeated,
        "wrong": output.wrong,
    }
