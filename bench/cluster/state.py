"""What a large state costs: for each event, and when a worker starts.

1. A worker does a small market; of its state (100,000 keys or so) the cost of further listings is measured.
2. The worker ends; copies of all pairs are committed, to changelog and folder, until there are the keys asked for.
3. A worker starts with the state at hand, a few listings waiting for it: from its start to their first chain.
4. The cost of further listings is measured again, this time of all copies in turn, so all of the state is in use.
5. A worker starts with an empty folder: from its start to the first chain of listings that wait for it.

One worker, one partition, no loader. The worker is held still while listings are published; its cost is the CPU time of
its process from then on until all is committed, whatever its background threads do included.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from bench.cluster import ballast, feed, system
from bench.cluster.copies import MOST, Copies
from bench.trace_join.processes import Processes
from suyuan.simulation.bulk import Bulk, EncodedEvents

PORTIONS = 2
WAITING = 1_000
"""listings that a worker finds when it starts"""
HELD_SECONDS = 300.0
QUIET_CPU, QUIET_SECONDS = 0.15, 3.0
"""a worker is at rest when it uses no more than such a share of a core for so long"""
_WHOLE = re.compile(r"state (\w+)-state-\d+ is whole: (\d+) changelog records")


def measure(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Figures of `recovery` and of `growth`."""
    market = Bulk(options.small_listings, options.small_codes)
    copying = Copies(market)
    with system.running(options.folder, 1, options.patience, HELD_SECONDS) as cluster:
        listings = _Listings(market, copying)
        feed.publish(cluster.connection, 1, market.record_batches())
        feed.publish(cluster.connection, 1, listings.next(options.small_listings, 0))
        worker = cluster.start_worker()
        cluster.wait_said("worker-1", "suyuan works on")
        cluster.wait_done()
        small = _cost(cluster, worker, [listings.next(options.portion, 0) for _ in range(PORTIONS)])
        cluster.end("worker-1")

        state = cluster.folder / "worker-1" / "state"
        have = ballast.count(state)
        copies = min(MOST, max(1, round(options.keys / have) - 1))
        began = time.time()
        keys = have + ballast.grow(state, cluster.connection, market, copies)
        filled = time.time() - began
        print(f"{have} keys, {keys} after {filled:.0f} s", file=sys.stderr, flush=True)

        at_hand, worker = _start(cluster, listings.next(WAITING, copies), "worker-1")
        _wait_quiet(worker)
        _cost(cluster, worker, [listings.next(options.portion, copies)])  # caches are empty after a start
        large = _cost(cluster, worker, [listings.next(options.portion, copies) for _ in range(PORTIONS)])
        large["worker_peak_mib"] = worker.peak_mib()
        cluster.end("worker-1")

        rebuilt, worker = _start(cluster, listings.next(WAITING, copies), "worker-2")
        replayed = sum(int(records) for _, records in _WHOLE.findall(cluster.said("worker-2")))
        cluster.end("worker-2")
    growth = {
        "cpu_ratio": round(large["worker_cpu_us_per_listing"] / small["worker_cpu_us_per_listing"], 2),
        "time_ratio": round(small["listings_per_second"] / large["listings_per_second"], 2),
        "small": {"keys_after": have, **small},
        "large": {"keys_before": keys, **large},
    }
    recovery = {
        "keys": keys,
        "fill_seconds": round(filled, 1),
        "rebuild_seconds": rebuilt["seconds"],
        "records_replayed": replayed,
        "records_per_second": round(replayed / rebuilt["seconds"]),
        "rebuild_peak_mib": rebuilt["peak_mib"],
        "rebuild_cpu_seconds": rebuilt["cpu_seconds"],
        "at_hand_seconds": at_hand["seconds"],
        "at_hand_peak_mib": at_hand["peak_mib"],
    }
    return {"recovery": recovery, "growth": growth}


class _Listings:
    """Listings that were not there before."""

    def __init__(self, market: Bulk, copying: Copies) -> None:
        self._market, self._copying, self._next = market, copying, 0

    def next(self, count: int, copies: int) -> Iterable[EncodedEvents]:
        """So many, of the market and so many copies in turn."""
        first, self._next = self._next, self._next + count
        return self._made(first, count, copies)

    def _made(self, first: int, count: int, copies: int) -> Iterator[EncodedEvents]:
        for events in self._market.listing_batches(first, first + count):
            yield self._copying.of_listings(events, copies)


def _start(cluster: system.System, waiting: Iterable[EncodedEvents], name: str) -> tuple[dict[str, Any], Processes]:
    """From the start of a worker to the first chain of what waits for it."""
    feed.publish(cluster.connection, 1, waiting)
    chains = cluster.ends("chain")
    began = time.time()
    worker = cluster.start_worker(name)
    seconds = cluster.first_after("chain", chains) - began
    used, peak = worker.cpu_seconds(), worker.peak_mib()
    cluster.wait_done()
    return {"seconds": round(seconds, 1), "peak_mib": peak, "cpu_seconds": round(used, 1)}, worker


def _cost(cluster: system.System, worker: Processes, portions: Sequence[Iterable[EncodedEvents]]) -> dict[str, Any]:
    """Of all portions together, each published while the worker stands still."""
    count, seconds, used = 0, 0.0, 0.0
    for events in portions:
        worker.hold()
        count += feed.publish(cluster.connection, 1, events)
        began, before = time.time(), worker.cpu_seconds()
        worker.let_go()
        cluster.wait_done()
        seconds += time.time() - began
        used += worker.cpu_seconds() - before
    return {
        "listings": count,
        "listings_per_second": round(count / seconds),
        "worker_cpu_us_per_listing": round(used / count * 1e6, 1),
    }


def _wait_quiet(worker: Processes) -> None:
    """Until what the last commits left to the background is done."""
    used: Callable[[], float] = worker.cpu_seconds
    before = used()
    while True:
        time.sleep(QUIET_SECONDS)
        now = used()
        if now - before <= QUIET_CPU * QUIET_SECONDS:
            return
        before = now
