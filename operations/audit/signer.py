"""Signing: a checkpoint of the newest root, if it goes on from the last one that was signed.

What was signed last is known from a file of the signer's own, beside its key and not in the log or the tables: whoever
rewrites those has the signer refuse. Where there is no such file, since another machine signs now, it is known from the
checkpoints of its own that the tables have.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import polars as pl

from suyuan.access.scope import EVERYTHING
from suyuan.domain.audit.checkpoints import Checkpoint, opened
from suyuan.domain.audit.errors import AuditError
from suyuan.domain.audit.hashes import EMPTY_ROOT
from suyuan.domain.audit.keys import SignerKey
from suyuan.domain.audit.nodes import cover
from suyuan.domain.audit.notes import Note
from suyuan.domain.audit.proofs import verify_consistency
from suyuan.domain.audit.tree import Frontier
from suyuan.operations.audit.stored import prove_consistency, stored_nodes
from suyuan.queries.answers import AuditHead
from suyuan.queries.api import Queries
from suyuan.schemas.blocks import block_schema, encode_block

TOPIC = "audit.checkpoint"
Append = Callable[[str, Sequence[bytes]], None]
"""appends values to the partition of a topic that the audit's key chooses; durable on return"""


def sign_newest(queries: Queries, append: Append, key: SignerKey, signed: Path, now: int) -> Note | None:
    """Sign the newest root; None where it is signed already. `signed`: the file of what was signed last; `now`: ms UTC.
    Raises AuditError where the tree does not go on from that, or cannot be shown to.
    """
    last = last_signed(signed, key) or _newest_of(queries.audit_heads(EVERYTHING, 0), key)
    said = [head for head in queries.audit_heads(EVERYTHING, last.size) if head.note is None]
    size = max((head.size for head in said), default=0)
    if size < last.size:
        raise AuditError(f"the tree has no root of {last.size} entries or more, as was signed ({signed}): it was cut")
    roots = {head.root for head in said if head.size == size}
    root = Frontier.from_nodes(size, stored_nodes(queries, cover(0, size))).root()
    if roots - {root.hex()}:
        raise AuditError(f"the table has another root of {size} entries than its nodes give")
    verify_consistency(last.size, last.root, size, root, prove_consistency(queries, last.size, size))
    if size == last.size:
        return None
    checkpoint = Checkpoint(key.name, size, root)
    note = checkpoint.signed(key)
    _keep(signed, note)  # before anybody sees it: two of one size are never signed
    append(TOPIC, [checkpoint_block(checkpoint, note, now)])
    return note


def last_signed(signed: Path, key: SignerKey) -> Checkpoint | None:
    """What the file says; None where there is none. Raises AuditError."""
    try:
        note = Note.parse(signed.read_bytes())
    except FileNotFoundError:
        return None
    return opened(note, key.verifier())


def _newest_of(heads: Sequence[AuditHead], key: SignerKey) -> Checkpoint:
    newest = Checkpoint(key.name, 0, EMPTY_ROOT)
    for head in heads:
        if head.note is not None:
            with suppress(AuditError):  # another log's, or what another key signed before
                newest = max(newest, opened(Note.parse(head.note), key.verifier()), key=lambda each: each.size)
    return newest


def _keep(signed: Path, note: Note) -> None:
    beside = signed.with_name(f".{signed.name}.new")
    with beside.open("wb") as file:
        file.write(str(note).encode())
        file.flush()
        os.fsync(file.fileno())
    beside.replace(signed)
    folder = os.open(signed.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def checkpoint_block(checkpoint: Checkpoint, note: Note, now: int) -> bytes:
    """A signed checkpoint as a message of TOPIC. `now`: ms UTC."""
    row = {
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": checkpoint.root,
        "note": str(note),
        "signed_at": now,
    }
    return encode_block("audit_checkpoint", pl.DataFrame([row], schema=block_schema("audit_checkpoint")))
