"""Checkpoints: how large a log's tree is and what its root is, as C2SP tlog-checkpoint says. The log signs them, and
witnesses cosign them.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from dataclasses import dataclass

from suyuan.domain.audit.errors import AuditError
from suyuan.domain.audit.hashes import EMPTY_ROOT, HASH_BYTES
from suyuan.domain.audit.keys import SignerKey, VerifierKey
from suyuan.domain.audit.notes import Note

_SIZE = re.compile("0|[1-9][0-9]{0,18}")
_LINES = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tree of a log at a size. `origin`: the log's name, which is that of its key."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed: origin, size and root, a line each."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """The checkpoint of a note's text. Raises AuditError. Nobody has checked what further lines say, so there may
        be none.
        """
        lines = text.split("\n")
        if len(lines) != _LINES + 1 or not all(lines[:_LINES]) or lines[_LINES]:
            raise AuditError("a checkpoint is three lines: origin, size, root")
        origin, size, root = lines[:_LINES]
        if not _SIZE.fullmatch(size):
            raise AuditError(f"a checkpoint whose size is {size!r}")
        checkpoint = cls(origin, int(size), _root(root))
        if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
            raise AuditError("a checkpoint of an empty tree that has another root")
        return checkpoint

    def signed(self, key: SignerKey) -> Note:
        """The checkpoint as a note that the log signed. Raises AuditError for another log's key."""
        if key.name != self.origin:
            raise AuditError(f"a checkpoint of {self.origin} is not signed by the key of {key.name}")
        return Note(self.text, (key.sign(self.text),))


def opened(note: Note, log: VerifierKey) -> Checkpoint:
    """The checkpoint that a note holds, which its log has signed. Raises AuditError where it has not, or where the
    checkpoint is another log's.
    """
    note.verified([log])
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin != log.name:
        raise AuditError(f"a checkpoint of {checkpoint.origin}, not of {log.name}")
    return checkpoint


def _root(text: str) -> bytes:
    try:
        root = b64decode(text, validate=True)
    except NoBase64:
        root = b""
    if len(root) != HASH_BYTES or b64encode(root).decode() != text:
        raise AuditError("a checkpoint whose root is no hash in base64")
    return root
