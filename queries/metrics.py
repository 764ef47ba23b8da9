"""What questions that are asked now and then tell an operator."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import Counter, Gauge

from suyuan.queries.chain_check import Look

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
