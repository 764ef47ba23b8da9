"""The fixed questions that are asked of the tables. Values are bound, never put into the text of a query."""

from suyuan.queries.sql.about import records_about
from suyuan.queries.sql.alert_acts import alert_acts
from suyuan.queries.sql.alerts import (
    AlertFilter,
    alert,
    alert_history,
    alerts,
    list_of_alerts,
)
from suyuan.queries.sql.audit import (
    audit_checkpoints,
    audit_cosigned,
    audit_entries,
    audit_entries_of,
    audit_heads,
    audit_newest,
    audit_nodes,
    audited_events,
    unentered,
)
from suyuan.queries.sql.chain_history import chain_versions, first_chain
from suyuan.queries.sql.chains import ChainFilter, chain, chains, list_of_chains
from suyuan.queries.sql.counts import Counts, counts, verdicts
from suyuan.queries.sql.days import expired_unsaid, last_day
from suyuan.queries.sql.dead_letters import (
    DeadLetterFilter,
    dead_letters,
    list_of_dead_letters,
    replays,
    whole_dead_letters,
)
from suyuan.queries.sql.evidence import events_by_evidence
from suyuan.queries.sql.feedback import FeedbackFilter, feedback, gap_counts, list_of_feedback
from suyuan.queries.sql.findings import FindingFilter, findings, list_of_findings
from suyuan.queries.sql.first_record import first_record
from suyuan.queries.sql.orders import OrderFilter, check_results, listings_as_known, orders
from suyuan.queries.sql.outcomes import assessed, known_events, narrowing_column, outcomes
from suyuan.queries.sql.reused_ids import count_reused_ids
from suyuan.queries.sql.spot_checks import (
    FrameFilter,
    acts_on,
    check_acts,
    check_numbers,
    drawn_listings,
    frame,
    list_of_frame,
    outside_of_frame,
)
from suyuan.queries.sql.undirected import count_undirected
from suyuan.queries.sql.unmatched import (
    GRACE_MS,
    UNMATCHED_KINDS,
    UnmatchedFilter,
    count_unmatched,
    list_of_unmatched,
    unmatched,
)
from suyuan.queries.sql.webhooks import AttemptFilter, webhook_attempts

__all__ = [
    "GRACE_MS",
    "UNMATCHED_KINDS",
    "AlertFilter",
    "AttemptFilter",
    "ChainFilter",
    "Counts",
    "DeadLetterFilter",
    "FeedbackFilter",
    "FindingFilter",
    "FrameFilter",
    "OrderFilter",
    "UnmatchedFilter",
    "acts_on",
    "alert",
    "alert_acts",
    "alert_history",
    "alerts",
    "assessed",
    "audit_checkpoints",
    "audit_cosigned",
    "audit_entries",
    "audit_entries_of",
    "audit_heads",
    "audit_newest",
    "audit_nodes",
    "audited_events",
    "chain",
    "chain_versions",
    "chains",
    "check_acts",
    "check_numbers",
    "check_results",
    "count_reused_ids",
    "count_undirected",
    "count_unmatched",
    "counts",
    "dead_letters",
    "drawn_listings",
    "events_by_evidence",
    "expired_unsaid",
    "feedback",
    "findings",
    "first_chain",
    "first_record",
    "frame",
    "gap_counts",
    "known_events",
    "last_day",
    "list_of_alerts",
    "list_of_chains",
    "list_of_dead_letters",
    "list_of_feedback",
    "list_of_findings",
    "list_of_frame",
    "list_of_unmatched",
    "listings_as_known",
    "narrowing_column",
    "orders",
    "outcomes",
    "outside_of_frame",
    "records_about",
    "replays",
    "unentered",
    "unmatched",
    "verdicts",
    "webhook_attempts",
    "whole_dead_letters",
]
