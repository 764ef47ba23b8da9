"""Faults 12, 13, 18: every message three times, in no order, days late, from machines whose clocks are wrong."""

from __future__ import annotations

import random
import time

from tests.cluster.amounts import SEED, amount, keep_figures
from tests.cluster.undisturbed import assert_as_undisturbed
from tests.end_to_end.markets import markets

MARKETS = amount(12, 300)
DAY_MS = 86_400_000


def test_what_comes_three_times_late_and_from_wrong_clocks_counts_once(make_cluster, tables):
    chance = random.Random(SEED)
    events = markets(range(100 * SEED, 100 * SEED + MARKETS))
    cluster = make_cluster(partitions=3)
    now = time.time_ns() // 1_000_000
    deliveries = [*events] * 3
    chance.shuffle(deliveries)
    late, on_time = deliveries[::7], [event for place, event in enumerate(deliveries) if place % 7]
    for stamp, some in ((now - DAY_MS, on_time[::3]), (now + DAY_MS, on_time[1::3]), (None, on_time[2::3])):
        cluster.publish_events(some, stamp)
    cluster.work_once(2)
    cluster.publish_events(late, now + 7 * DAY_MS)
    cluster.work_once(2)
    assert_as_undisturbed(cluster, events)
    tables.load(cluster.connection)
    keep_figures(
        "12, 13, 18: three times, shuffled, late, clocks off by a day",
        events=len(events),
        messages=len(deliveries),
        gap=0,
        duplicates=0,
        differences=0,
    )
