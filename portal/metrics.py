"""What the portal counts."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

REQUESTS = Counter("suyuan_portal_requests", "Requests that were answered, by route and status", ["route", "status"])
SECONDS = Histogram(
    "suyuan_portal_request_seconds",
    "Seconds from a request's head to the begin of its answer, by route",
    ["route"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
REFUSED = Counter("suyuan_portal_refused", "Requests without a credential that allows their action", ["action"])
