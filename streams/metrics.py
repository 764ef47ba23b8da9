"""Metrics of the stages. No credit code, listing or lot is ever a label, but for publishers (a hundred at most) whose
messages cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prometheus_client import Counter, Gauge, Histogram

from suyuan.streams.stage import Output

EVENTS = Counter("suyuan_events", "Events taken in.", ["kind", "outcome"])
STAGE_ROWS = Counter("suyuan_stage_rows", "Rows read by a stage.", ["stage", "topic"])
BLOCK_ROWS = Histogram(
    "suyuan_block_rows", "Rows of one block or run.", ["stage"], buckets=(1, 10, 100, 1000, 4096, 8192, 16384)
)
STAGE_SECONDS = Histogram(
    "suyuan_stage_seconds",
    "From taking a block to acknowledging it.",
    ["stage", "step"],
    buckets=(0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60),
)
LAG = Gauge("suyuan_lag_messages", "Messages that a group has not acknowledged yet.", ["group", "topic"])
HIDDEN = Gauge(
    "suyuan_hidden_messages",
    "Messages that nobody is shown, since a transaction before them has been open for minutes.",
    ["topic"],
)
STATE_BYTES = Gauge("suyuan_state_bytes", "Size of a stage's state on disk.", ["stage"])
RECOVERING = Gauge(
    "suyuan_state_recovering", "1 while a stage's state is read back from its changelog, else 0.", ["stage"]
)
RECOVERED = Counter("suyuan_state_recovered_records", "Records read back from a stage's changelog.", ["stage"])
STATE_SET_ASIDE = Gauge(
    "suyuan_state_set_aside", "Folders of a stage's state set aside because they could not be trusted.", ["stage"]
)
STATE_KEYS_DIFFER = Gauge(
    "suyuan_state_keys_differ",
    "1 where a partition's state, made from its changelog, has other keys than its last writer had, else 0.",
    ["stage", "partition"],
)
STATE_DAMAGED = Counter("suyuan_state_damaged", "Damaged state folders set aside, to be rebuilt.", ["stage"])
ALERT_SECONDS = Histogram(
    "suyuan_event_to_alert_seconds",
    "From the log taking an event to the log taking the alert that it causes.",
    buckets=(0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 2, 5, 15, 60, 300),
)
LOST = Counter("suyuan_lost_messages", "Messages deleted before a group had read them.", ["group", "topic"])
SET_ASIDE = Counter(
    "suyuan_dead_letters_set_aside",
    "Messages of a publisher that cannot be read, beyond its limit: dead letters that do not stop the partition.",
    ["topic", "publisher"],
)
FAILURES = Counter("suyuan_stage_failures", "Blocks that stopped a stage.", ["stage"])


def count_outcomes(outputs: Iterable[Output]) -> None:
    """Count events by kind and outcome, dead letters among them."""
    for output in outputs:
        if output.topic.startswith("event."):
            counts = output.rows["outcome"].value_counts()
            for outcome, count in counts.iter_rows():
                EVENTS.labels(output.topic.removeprefix("event."), outcome).inc(count)
        elif output.topic == "dead_letter":
            for kind, count in output.rows["kind"].value_counts().iter_rows():
                EVENTS.labels(kind, "dead").inc(count)


def observe_alerts(outputs: Sequence[Output], now_ms: int) -> None:
    """Observe the latency of the alerts among the outputs: `now_ms` less `received_at`, when the log took the event
    that caused the alert.
    """
    for output in outputs:
        if output.topic == "alert.state":
            for received_at in output.rows["received_at"].drop_nulls():
                ALERT_SECONDS.observe(max(0, now_ms - received_at) / 1000)
