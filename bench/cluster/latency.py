"""From an event's publication to its alert, beside running workers and a loader, at steady rates.

The beginning is when the publisher was due to send the listing, the end when the broker took the message of topic
`alert.state` that holds the alert, and when the loader's insert made its row. Alerts count that the listing itself
raises, and that are about it alone: any other may stand already, and is told of by and by.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from bench.cluster import feed, system
from suyuan.schemas.blocks import decode_block
from suyuan.simulation.bulk import Bulk
from suyuan.sinks.clickhouse import ClickHouse

TOPIC = "alert.state"
WARM_SECONDS = 5
"""at the rate to come, not measured"""


def measure(options: argparse.Namespace, workers: int, rates: list[int]) -> list[dict[str, Any]]:
    """Figures at each rate, one after another on the same system of as many partitions as workers."""
    spans = [rate * (WARM_SECONDS + options.seconds) for rate in rates]
    bulk = Bulk(sum(spans), options.codes)
    figures = []
    with system.running(options.folder, workers, options.patience) as cluster:
        cluster.start_front()
        feed.publish(cluster.connection, workers, bulk.record_batches())
        for number in range(workers):
            cluster.start_worker(f"worker-{number + 1}")
        cluster.start_loader()
        cluster.wait_done(loaded=True)
        start = 0
        for rate, span in zip(rates, spans, strict=True):
            before = cluster.ends(TOPIC)
            due = feed.publish_steadily(cluster.connection, workers, bulk, start, start + span, rate)
            cluster.wait_done(loaded=True)
            taken = _taken(cluster, before)
            warm = rate * WARM_SECONDS
            wanted = {f"I{start + at:08d}": moment for at, moment in enumerate(due) if at >= warm}
            figures.append({"rate": rate, **_figures(wanted, taken, _inserted(cluster))})
            start += span
    return figures


def _taken(cluster: system.System, before: Any) -> dict[str, float]:
    """Listing → when the first alert about it was in the topic, seconds since the epoch."""
    taken: dict[str, float] = {}
    for at, value in cluster.messages(TOPIC, before):
        rows = decode_block(value)
        for listing, change in rows.select("listing_id", "change").iter_rows():
            if change == "raised" and listing is not None:
                taken[listing] = min(at / 1000, taken.get(listing, at / 1000))
    return taken


def _inserted(cluster: system.System) -> dict[str, float]:
    with ClickHouse(cluster.clickhouse(), make=False) as tables:
        rows = tables.writer.query(
            "SELECT listing_id, min(toUnixTimestamp64Milli(loaded_at)) / 1000 FROM alert_state_history"
            " WHERE change = 'raised' AND subject_kind = 'listing' GROUP BY listing_id"
        ).result_rows
    return dict(rows)


def _figures(due: dict[str, float], *ends: dict[str, float]) -> dict[str, Any]:
    found: dict[str, Any] = {"alerts": len(due.keys() & ends[0].keys())}
    for name, end in zip(("topic", "clickhouse"), ends, strict=True):
        waits = np.array([end[listing] - moment for listing, moment in due.items() if listing in end]) * 1000
        for label, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
            found[f"{name}_{label}_ms"] = round(float(np.quantile(waits, share)))
    return found
