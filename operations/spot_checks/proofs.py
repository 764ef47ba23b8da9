"""Proofs that plan and freeze of a check are entries of the audit's tree: where they are, and a signed checkpoint of a
tree that holds both, best one that others had cosigned before the randomness was due.
"""

from __future__ import annotations

from suyuan.access.scope import EVERYTHING
from suyuan.domain.acceptance import SYSTEM
from suyuan.domain.audit.checkpoints import Checkpoint
from suyuan.domain.audit.errors import AuditError
from suyuan.domain.audit.hashes import leaf_hash
from suyuan.domain.audit.proofs import verify_inclusion
from suyuan.domain.checks.acts import CHECK_ACT
from suyuan.domain.checks.bodies import AnyBody, canonical, hash_of
from suyuan.domain.checks.publication import LogEntry, Proofs
from suyuan.domain.checks.stage import Check
from suyuan.operations.audit.seen import Seen, best_of, checkpoints
from suyuan.operations.audit.stored import MissingNodes, prove_inclusion
from suyuan.queries.answers import AuditEntry
from suyuan.queries.api import OfEvent, Queries


def proofs_of(ask: Queries, check: Check) -> Proofs:
    """Of the plan and the freeze of a check that has both. Where something is not there, what it is; nothing is raised
    for that, since a check can be drawn again without.
    """
    plan, freeze = check.plan, check.freeze
    assert plan is not None and freeze is not None  # noqa: S101, PT018 - nothing is drawn before
    try:
        planned, frozen = _entry(ask, plan), _entry(ask, freeze)
        if planned is None or frozen is None:
            return Proofs(missing=f"the {'plan' if planned is None else 'freeze'} has no entry in the audit")
        least = 1 + max(planned.leaf_index, frozen.leaf_index)
        seen = best_of(checkpoints(ask.audit_checkpoints(EVERYTHING, least)), plan.randomness.at)
        if seen is None:
            return Proofs(missing="no checkpoint of the audit with the freeze in it has been signed")
        return Proofs(
            checkpoint=str(seen.note),
            plan=_proven(ask, planned, plan, seen.checkpoint),
            freeze=_proven(ask, frozen, freeze, seen.checkpoint),
        )
    except (AuditError, MissingNodes) as error:
        return Proofs(missing=str(error))


def witnessed(ask: Queries, check: Check) -> Seen | None:
    """The best checkpoint that holds the freeze of a check, as `proofs_of` takes it; None where there is none yet."""
    entry = None if check.freeze is None else _entry(ask, check.freeze)
    if entry is None or check.plan is None:
        return None
    return best_of(checkpoints(ask.audit_checkpoints(EVERYTHING, entry.leaf_index + 1)), check.plan.randomness.at)


def _entry(ask: Queries, act: AnyBody) -> AuditEntry | None:
    """The first entry that has the act's text in its bytes."""
    text = canonical(act)
    for entry in ask.audit_entries_of(EVERYTHING, OfEvent(CHECK_ACT, SYSTEM, hash_of(act))):
        if entry.raw is not None and text in bytes.fromhex(entry.raw):
            return entry
    return None


def _proven(ask: Queries, entry: AuditEntry, act: AnyBody, checkpoint: Checkpoint) -> LogEntry:
    """Raises MissingNodes, and ProofError where the tables do not have the tree that was signed."""
    path = prove_inclusion(ask, entry.leaf_index, checkpoint.size)
    raw, text = bytes.fromhex(entry.raw or ""), canonical(act)
    verify_inclusion(leaf_hash(raw), entry.leaf_index, checkpoint.size, path, checkpoint.root)
    before, _, after = raw.partition(text)
    return LogEntry(
        leaf_index=entry.leaf_index, before=before.hex(), after=after.hex(), path=tuple(each.hex() for each in path)
    )
