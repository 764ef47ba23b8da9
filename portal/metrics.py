"""What the portal counts."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("suyuan_portal_requests", "Requests that were answered, by route and status", ["route", "status"])
SECONDS = Histogram(
    "suyuan_portal_request_seconds",
    "Seconds from a request's head to the begin of its answer, by route",
    ["route"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
REFUSED = Counter("suyuan_portal_refused", "Requests without a credential that allows their action", ["action"])
LIVE_STREAMS = Gauge("suyuan_portal_live_streams", "Streams of alerts that are open")
LIVE_ROWS = Counter("suyuan_portal_live_rows", "Changes of alerts that were written to streams")
LIVE_EVICTED = Counter("suyuan_portal_live_evicted", "Streams whose client did not take what was written", ["reason"])
LIVE_LAG = Gauge("suyuan_portal_live_lag_seconds", "Seconds by which the feed of alerts is behind its topic")
LIVE_DELAY = Histogram(
    "suyuan_portal_live_delay_seconds",
    "Seconds from a message of the causing event to its alert in the feed",
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60),
)
