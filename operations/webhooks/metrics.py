"""What deliveries count. No subscription, URL or alert is ever a label."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

ATTEMPTS = Counter("suyuan_webhook_attempts", "Attempts to deliver a webhook, by what became of them.", ["outcome"])
SECONDS = Histogram(
    "suyuan_webhook_attempt_seconds",
    "From the look-up of a receiver's name to the end of its answer.",
    buckets=(0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15),
)
PENDING = Gauge("suyuan_webhook_pending", "Deliveries that have not ended.")
OVERDUE = Gauge("suyuan_webhook_overdue_seconds", "How long the first delivery of all has been due; 0: none is.")
LAG = Gauge("suyuan_webhook_lag_messages", "Messages of alerts that no webhook was made of yet.")
SUBSCRIPTIONS = Gauge("suyuan_webhook_subscriptions", "Subscriptions, by whether anything is sent to them.", ["state"])
ACTIVE = Gauge("suyuan_webhook_active", "1 while the deliveries are this process's, else 0.")
