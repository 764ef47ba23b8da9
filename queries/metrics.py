"""What questions that are asked now and then tell an operator."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import Counter, Gauge

from suyuan.queries.answers import AlertBudget
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
ALERT_BUDGET = Gauge("suyuan_alert_budget", "Alerts that may come to a desk in a day: the setting SUYUAN_ALERT_BUDGET.")
DESKS = Gauge(
    "suyuan_desks",
    "Desks at which alerts wait, or came or were dealt with within eight days: over, more than the budget came today "
    "or on the mean of the seven days before; within, no more.",
    ["state"],
)
DESK_ALERTS = Gauge(
    "suyuan_desk_alerts",
    "Alerts of all desks: open, which wait now; raised and handled today, a day of China, each once a desk.",
    ["what"],
)
DESK_ALERTS_MOST = Gauge(
    "suyuan_desk_alerts_most",
    "The same at the desk that has most of them, which for each may be another one.",
    ["what"],
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


def observe_desks(found: AlertBudget) -> None:
    """How all desks compare with their budget."""
    over = sum(desk.over_budget for desk in found.desks)
    figures = {
        "open": [desk.open for desk in found.desks],
        "raised": [desk.raised_today for desk in found.desks],
        "handled": [desk.handled_today for desk in found.desks],
    }
    ALERT_BUDGET.set(found.budget)
    DESKS.labels("over").set(over)
    DESKS.labels("within").set(len(found.desks) - over)
    for what, counts in figures.items():
        DESK_ALERTS.labels(what).set(sum(counts))
        DESK_ALERTS_MOST.labels(what).set(max(counts, default=0))


def forget_desks() -> None:
    """Tell nothing of desks until they are observed again."""
    for gauge in (DESKS, DESK_ALERTS, DESK_ALERTS_MOST):
        gauge.clear()
