"""What a witness gave back: checkpoints of our own with its cosignature, beside those in the tables."""

from __future__ import annotations

from suyuan.access.scope import EVERYTHING
from suyuan.domain.audit.checkpoints import Checkpoint, opened
from suyuan.domain.audit.errors import AuditError
from suyuan.domain.audit.keys import VerifierKey
from suyuan.domain.audit.nodes import cover
from suyuan.domain.audit.notes import Note
from suyuan.domain.audit.tree import Frontier
from suyuan.operations.audit.seen import checkpoints
from suyuan.operations.audit.signer import TOPIC, Append, checkpoint_block
from suyuan.operations.audit.stored import stored_nodes
from suyuan.queries.api import Queries


def take_cosigned(queries: Queries, append: Append, note: Note, log: VerifierKey, now: int) -> Checkpoint:
    """Keep a cosigned checkpoint of this log, with the signatures of those of the same text that are there. `now`: ms
    UTC. Raises AuditError for another log's, for a tree that is not ours, and where nobody has cosigned it.
    """
    checkpoint = opened(note, log)
    if all(log.made(each) for each in note.signatures):
        raise AuditError("nobody has cosigned this checkpoint: hand it to a witness first")
    root = Frontier.from_nodes(checkpoint.size, stored_nodes(queries, cover(0, checkpoint.size))).root()
    if root != checkpoint.root:
        raise AuditError(f"the tree of {checkpoint.size} entries in the tables has another root: suyuan audit verify")
    for each in checkpoints(queries.audit_checkpoints(EVERYTHING, checkpoint.size)):
        if each.note.text == note.text:
            note = each.note.signed(*note.signatures)
    append(TOPIC, [checkpoint_block(checkpoint, note, now)])
    return checkpoint
