"""The full pipeline at speed: from published listings to chain and alert rows in ClickHouse.

1. Records are published, and the workers and a loader do them.
2. The workers are held still (SIGSTOP) while all listings are published.
3. They go on: the clock runs until the stages have committed everything, and the loader has.
4. `suyuan loader --once` verifies: every event in the tables, no key twice.

Broker, ClickHouse (chdb behind an HTTP interface), loader and workers share the cores; the CPU time of each is told.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from typing import Any

from bench.cluster import feed, system
from suyuan.simulation.bulk import Bulk

HELD_SECONDS = 60.0
"""for which a worker that is held still keeps its partitions"""


def measure(options: argparse.Namespace, workers: int) -> dict[str, Any]:
    """Figures of one run with so many workers."""
    bulk = Bulk(options.listings, options.codes)
    names = [f"worker-{number + 1}" for number in range(workers)]
    with system.running(options.folder, options.partitions, options.patience, HELD_SECONDS) as cluster:
        front = cluster.start_front()
        records = feed.publish(cluster.connection, options.partitions, bulk.record_batches())
        began = time.time()
        running, loader = [cluster.start_worker(name) for name in names], cluster.start_loader()
        cluster.wait_done(loaded=True)
        recorded = time.time() - began

        listings = list(bulk.listing_batches())
        for each in running:
            each.hold()
        feed.publish(cluster.connection, options.partitions, listings)
        chains = cluster.ends("chain")
        used = {
            "worker": lambda: sum(each.cpu_seconds() for each in running),
            "loader": loader.cpu_seconds,
            "clickhouse": front.cpu_seconds,
            "broker": cluster.broker_cpu_seconds,
        }
        before = {name: cpu() for name, cpu in used.items()}
        began = time.time()
        for each in running:
            each.let_go()
        first = cluster.first_after("chain", chains) - began
        cluster.wait_done()
        committed = time.time() - began
        worker_cpu = used["worker"]() - before["worker"]
        cluster.wait_done(loaded=True)
        seconds = time.time() - began
        cpu = {name: used[name]() - before[name] for name in used} | {"worker": worker_cpu}
        peaks = [each.peak_mib() for each in running]
        loader_peak = loader.peak_mib()
        cluster.end("loader", *names)
        done = subprocess.run(cluster.product("loader", "--once", "--json"), stdout=subprocess.PIPE, check=False)
        verified = json.loads(done.stdout.splitlines()[-1])
    return {
        "listings_per_second": round(bulk.listings / seconds),
        "committed_per_second": round(bulk.listings / committed),
        "records_per_second": round(records / recorded),
        "listings_per_worker_cpu_second": round(bulk.listings / cpu["worker"]),
        "worker_peak_mib": max(peaks),
        "loader_peak_mib": loader_peak,
        "seconds": round(seconds, 1),
        "seconds_to_first_chain": round(first, 1),
        "gap": verified["gap"],
        "duplicates": verified["duplicates"],
        **{f"{name}_cpu_us_per_listing": round(used / bulk.listings * 1e6, 1) for name, used in cpu.items()},
    }
