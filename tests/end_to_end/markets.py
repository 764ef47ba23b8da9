"""Generated markets for a system that publishes days of its own while it runs."""

import json
import time

from suyuan.domain.calendar import china_day, days_after
from tests.reference.acceptance import fault
from tests.reference.markets import generate
from tests.reference.records import normal

NUMBERS = ("shipment_id", "report_no", "recall_no", "decision_no", "complaint_no")
NOW = time.time_ns() // 1_000_000
LAST_DAY = {
    "kind": "day",
    "event_id": "last",
    "publisher": "SUYUAN",
    "occurred_at": NOW,
    "date": str(days_after(china_day(NOW), 1)),
}
"""no day that the running system publishes is after it, and none after it is taken"""


def markets(seeds):
    """The events of markets whose numbers do not meet, but for those that are refused, and the last day."""
    events = [
        event | {name: f"{seed}-{event[name]}" for name in NUMBERS if name in event}
        for seed in seeds
        for event in generate(seed)
    ]
    return [*(event for event in events if fault(normal(event), event, NOW) is None), LAST_DAY]


def write(file, events):
    """The events as a file for `suyuan publish`."""
    file.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    return file
