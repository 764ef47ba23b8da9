"""Proofs that plan and freeze of a check are entries of the audit's tree: where they are, and a signed checkpoint of a
tree that holds both, best one that others had cosigned before the randomness was due.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from suyuan.access.scope import EVERYTHING
from suyuan.domain.acceptance import SYSTEM
from suyuan.domain.audit.checkpoints import Checkpoint
from suyuan.domain.audit.errors import AuditError
from suyuan.domain.audit.hashes import leaf_hash
from suyuan.domain.audit.keys import SIGNATURE_BYTES, TIME_BYTES, cosigned_at
from suyuan.domain.audit.notes import Note
from suyuan.domain.audit.proofs import verify_inclusion
from suyuan.domain.checks.acts import CHECK_ACT
from suyuan.domain.checks.bodies import AnyBody, Plan, canonical, hash_of
from suyuan.domain.checks.publication import LogEntry, Proofs
from suyuan.domain.checks.stage import Check
from suyuan.operations.audit.stored import MissingNodes, prove_inclusion
from suyuan.queries.answers import AuditEntry, AuditHead
from suyuan.queries.api import OfEvent, Queries


class Seen(NamedTuple):
    """A checkpoint that is known, with all signatures that are known of it. `signed_at`: by the log's clock, ms UTC;
    `cosigned`: by whom, and when by their own clocks, ms UTC.
    """

    checkpoint: Checkpoint
    note: Note
    signed_at: int
    cosigned: tuple[tuple[str, int], ...]

    def witnesses_before(self, due: int) -> list[str]:
        """Those that say they saw it before a moment, ms UTC. Whether they did, their keys tell."""
        return sorted({name for name, at in self.cosigned if at < due})


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
        seen = best_of(checkpoints(ask.audit_heads(EVERYTHING, least)), plan)
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
    return best_of(checkpoints(ask.audit_heads(EVERYTHING, entry.leaf_index + 1)), check.plan)


def checkpoints(heads: Iterable[AuditHead]) -> list[Seen]:
    """Every checkpoint among heads, once, with the signatures of all notes of the same text. Raises AuditError for what
    is no note of a checkpoint.
    """
    notes: dict[str, tuple[Note, int]] = {}
    for head in heads:
        if head.note is not None:
            note = Note.parse(head.note)
            known, at = notes.get(note.text, (note, head.at))
            notes[note.text] = known.signed(*note.signatures), min(at, head.at)
    return [_seen(note, at) for note, at in notes.values()]


def best_of(seen: Iterable[Seen], plan: Plan) -> Seen | None:
    """What most witnesses saw before the plan's randomness was due; of several the smallest, which is the earliest."""
    due = plan.randomness.at
    return min(seen, key=lambda each: (-len(each.witnesses_before(due)), each.checkpoint.size), default=None)


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


def _seen(note: Note, at: int) -> Seen:
    checkpoint = Checkpoint.parse(note.text)
    cosigned = (
        (each.name, cosigned_at(each) * 1000)
        for each in note.signatures
        if len(each.value) == TIME_BYTES + SIGNATURE_BYTES
        and each.name != checkpoint.origin  # nobody is its own witness
    )
    return Seen(checkpoint, note, at, tuple(cosigned))
