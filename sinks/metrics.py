"""Metrics of the loader and the verifier."""

from __future__ import annotations

import logging

from prometheus_client import Counter, Gauge, Histogram

from suyuan.sinks.batches import Batch
from suyuan.sinks.loader import Loaded
from suyuan.sinks.verifier import Verification

logger = logging.getLogger(__name__)

LOADED_ROWS = Counter("suyuan_loaded_rows", "Rows inserted into a table, or written to `dead_letter files`.", ["table"])
LOADED_BYTES = Counter("suyuan_loaded_bytes", "Bytes of Arrow that these rows were.", ["table"])
INSERT_SECONDS = Histogram(
    "suyuan_insert_seconds",
    "From the first attempt at an insert to its answer.",
    ["table"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300),
)
INSERT_RETRIES = Counter("suyuan_insert_retries", "Failed attempts at an insert.", ["table"])
VERIFIER_GAP = Gauge("suyuan_verifier_gap", "Offsets taken in that are in no table: must be 0.")
VERIFIER_DUPLICATES = Gauge("suyuan_verifier_duplicates", "Rows that a read view shows twice: must be 0.")


def observe_loaded(loaded: Loaded) -> None:
    """Count a batch that is written."""
    table = loaded.target.name
    LOADED_ROWS.labels(table).inc(loaded.rows)
    LOADED_BYTES.labels(table).inc(loaded.bytes)
    INSERT_SECONDS.labels(table).observe(loaded.seconds)


def observe_retry(batch: Batch, error: Exception, attempt: int) -> None:
    """Count an attempt that failed and will be repeated."""
    INSERT_RETRIES.labels(batch.target.name).inc()
    logger.warning("insert into %s failed (attempt %d), trying again: %s", batch.target.name, attempt, error)


def observe_verification(verification: Verification) -> None:
    """Set the verifier's metrics."""
    VERIFIER_GAP.set(verification.gap)
    VERIFIER_DUPLICATES.set(verification.duplicates)
