"""Proofs that events are entries of the audit's tree, for whoever is handed their bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from suyuan.access.scope import EVERYTHING
from suyuan.domain.audit.checkpoints import Checkpoint
from suyuan.domain.audit.errors import AuditError, ProofError
from suyuan.domain.audit.hashes import leaf_hash
from suyuan.domain.audit.proofs import verify_inclusion
from suyuan.operations.audit.seen import Seen, best_of, checkpoints
from suyuan.operations.audit.stored import MissingNodes, prove_inclusion
from suyuan.queries.answers import AuditEntry
from suyuan.queries.api import OfEvent, Queries
from suyuan.schemas.kinds import AUDITED

State = Literal["proven", "unsigned", "absent", "wrong", "not_audited"]
"""proven, in no signed checkpoint yet, without an entry, not the bytes of the entry, of a kind that is not audited"""


class Named(NamedTuple):
    """An event, and its bytes where the log has them."""

    kind: str
    publisher: str
    event_id: str
    digest: str | None
    raw: bytes | None


class Logged(NamedTuple):
    """What the audit has of an event. Hashes are in hex; `path`: the proof of inclusion, from the leaves up."""

    state: State
    leaf_index: int | None = None
    leaf: str | None = None
    path: tuple[str, ...] = ()


def proven(queries: Queries, events: Sequence[Named]) -> tuple[Seen | None, list[Logged]]:
    """A checkpoint that holds what is audited of events, and what there is of each. What is newer than the newest
    signed checkpoint is not in it.
    """
    entries = [_entry(queries, each) for each in events]
    seen = None
    for least in sorted({each.leaf_index for each in entries if each is not None}, reverse=True):
        seen = best_of(checkpoints(queries.audit_checkpoints(EVERYTHING, least + 1)))
        if seen is not None:
            break
    checkpoint = None if seen is None else seen.checkpoint
    return seen, [_logged(queries, *each, checkpoint) for each in zip(events, entries, strict=True)]


def _entry(queries: Queries, event: Named) -> AuditEntry | None:
    if event.kind not in AUDITED:
        return None
    wanted = OfEvent(event.kind, event.publisher, event.event_id)
    found = queries.audit_entries_of(EVERYTHING, wanted)
    return next((each for each in found if event.digest in (None, each.digest)), None)


def _logged(queries: Queries, event: Named, entry: AuditEntry | None, checkpoint: Checkpoint | None) -> Logged:
    if entry is None:
        return Logged("absent" if event.kind in AUDITED else "not_audited")
    leaf = bytes.fromhex(entry.leaf) if event.raw is None else leaf_hash(event.raw)
    if leaf.hex() != entry.leaf:
        return Logged("wrong", entry.leaf_index, entry.leaf)
    if checkpoint is None or entry.leaf_index >= checkpoint.size:
        return Logged("unsigned", entry.leaf_index, entry.leaf)
    try:
        path = prove_inclusion(queries, entry.leaf_index, checkpoint.size)
        verify_inclusion(leaf, entry.leaf_index, checkpoint.size, path, checkpoint.root)
    except (ProofError, MissingNodes, AuditError):
        return Logged("wrong", entry.leaf_index, entry.leaf)
    return Logged("proven", entry.leaf_index, entry.leaf, tuple(each.hex() for each in path))
