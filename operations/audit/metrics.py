"""What the signing of the audit tells an operator."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

ENTRIES = Gauge("suyuan_audit_entries", "Entries of the audit's tree, as the signer saw it last.")
SIGNED_ENTRIES = Gauge("suyuan_audit_signed_entries", "Entries of the checkpoint that was signed last.")
SIGNED_AT = Gauge(
    "suyuan_audit_signed_timestamp_seconds",
    "When all entries were signed last, or were found to be signed, in seconds since 1970; 0: this process did not.",
)
FAILURES = Counter("suyuan_audit_sign_failures", "Attempts to sign that failed: the log of suyuan jobs says why.")
