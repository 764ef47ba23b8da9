"""What the loader and the verifier tell an operator."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from prometheus_client import Counter, Gauge, Histogram

from suyuan.queries.chain_check import Look
from suyuan.sinks.batches import Batch
from suyuan.sinks.loader import Loaded
from suyuan.sinks.verifier import Verification

logger = logging.getLogger(__name__)

LOADED_ROWS = Counter("suyuan_loaded_rows", "Rows inserted.", ["table"])
LOADED_BYTES = Counter("suyuan_loaded_bytes", "Bytes of Avro inserted.", ["table"])
INSERT_SECONDS = Histogram(
    "suyuan_insert_seconds",
    "From the first attempt at an insert to its answer.",
    ["table"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300),
)
INSERT_RETRIES = Counter("suyuan_insert_retries", "Failed attempts at an insert.", ["table"])
VERIFIER_GAP = Gauge("suyuan_verifier_gap", "Offsets taken in that are in no table: must be 0.")
VERIFIER_DUPLICATES = Gauge("suyuan_verifier_duplicates", "Rows that a read view shows twice: must be 0.")
VERIFIER_WRONG_CHAINS = Gauge(
    "suyuan_verifier_wrong_chains",
    "Current chains that are not what the records in the tables say, at two looks half a minute apart: must be 0.",
)
VERIFIER_CHAINS = Counter(
    "suyuan_verifier_chains",
    "Chains assessed anew from the records: right, differing, unsettled (something happened lately), too_large.",
    ["found"],
)
UNMATCHED = Gauge(
    "suyuan_unmatched",
    "Current records that name a product or a lot that nobody knows, by kind: suyuan unmatched lists them.",
    ["kind"],
)
REUSED_IDS = Gauge(
    "suyuan_reused_ids",
    "Event ids of a publisher that stand for more than one thing, by kind: each was taken in as a version.",
    ["kind"],
)


def observe_loaded(loaded: Loaded) -> None:
    """A batch that is in."""
    table = loaded.target.name
    LOADED_ROWS.labels(table).inc(loaded.rows)
    LOADED_BYTES.labels(table).inc(loaded.bytes)
    INSERT_SECONDS.labels(table).observe(loaded.seconds)


def observe_retry(batch: Batch, error: Exception, attempt: int) -> None:
    """An attempt that failed and will be repeated."""
    INSERT_RETRIES.labels(batch.target.name).inc()
    logger.warning("insert into %s failed (attempt %d), trying again: %s", batch.target.name, attempt, error)


def observe_verification(verification: Verification) -> None:
    """The verifier's figures."""
    VERIFIER_GAP.set(verification.gap)
    VERIFIER_DUPLICATES.set(verification.duplicates)


def observe_unmatched(counts: Mapping[str, int]) -> None:
    """Records by kind."""
    for kind, count in counts.items():
        UNMATCHED.labels(kind).set(count)


def observe_reused_ids(counts: Mapping[str, int]) -> None:
    """Ids by kind."""
    for kind, count in counts.items():
        REUSED_IDS.labels(kind).set(count)


def observe_look(look: Look, wrong: int) -> None:
    """Chains that were looked at; `wrong`: how many are known to be wrong now."""
    VERIFIER_WRONG_CHAINS.set(wrong)
    VERIFIER_CHAINS.labels("right").inc(look.right)
    VERIFIER_CHAINS.labels("differing").inc(len(look.differing))
    VERIFIER_CHAINS.labels("unsettled").inc(look.unsettled)
    VERIFIER_CHAINS.labels("too_large").inc(look.too_large)
