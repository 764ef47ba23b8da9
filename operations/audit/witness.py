"""A witness: another body that keeps every checkpoint of a log that goes on from the one before, and says so.

What it is handed is a request of C2SP tlog-witness: `old` and the size that it knows, the proof that the tree of that
size is the beginning of the new one (a hash in base64 a line), an empty line, the signed checkpoint.
"""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from dataclasses import dataclass
from pathlib import Path

from suyuan.domain.audit.checkpoints import Checkpoint, opened
from suyuan.domain.audit.errors import AuditError
from suyuan.domain.audit.hashes import EMPTY_ROOT
from suyuan.domain.audit.keys import SignerKey, VerifierKey
from suyuan.domain.audit.notes import Note
from suyuan.domain.audit.proofs import verify_consistency
from suyuan.errors import SuyuanError

_OLD = "old "


@dataclass(frozen=True, slots=True)
class Request:
    """What a witness is asked to cosign."""

    old_size: int
    proof: tuple[bytes, ...]
    note: Note

    def __str__(self) -> str:
        """As `parse` reads it."""
        lines = [f"{_OLD}{self.old_size}", *(b64encode(each).decode() for each in self.proof)]
        return "\n".join(lines) + f"\n\n{self.note}"

    @classmethod
    def parse(cls, text: str) -> Request:
        """The request of its text form. Raises AuditError."""
        head, empty_line, note = text.partition("\n\n")
        first, *proof = head.split("\n")
        size = first.removeprefix(_OLD)
        if not empty_line or not first.startswith(_OLD) or not (size.isascii() and size.isdigit()):
            raise AuditError("no request to a witness: it begins with `old` and a size, and a proof")
        try:
            hashes = tuple(b64decode(each, validate=True) for each in proof)
        except NoBase64:
            raise AuditError("no request to a witness: its proof is not base64") from None
        return cls(int(size), hashes, Note.parse(note))


class OtherSize(SuyuanError):
    """The request goes on from another size than the one that the witness knows."""


class WitnessLog:
    """The file of a witness: a line for each checkpoint that it cosigned, the newest last. Nothing in it is ever
    changed.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def notes(self) -> list[Note]:
        """All of them; none where there is no file yet. Raises AuditError, naming the line."""
        try:
            lines = self._file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise AuditError(f"{self._file}: {error}") from error
        notes = []
        for number, line in enumerate(lines, start=1):
            try:
                notes.append(Note.parse(json.loads(line)["note"]))
            except (ValueError, KeyError, TypeError) as error:
                raise AuditError(f"{self._file}, line {number}: {error}") from error
        return notes

    def append(self, note: Note, at: int) -> None:
        """Durable on return. `at`: ms UTC."""
        line = json.dumps({"cosigned_at": at, "note": str(note)}, ensure_ascii=False)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
            file.flush()
            os.fsync(file.fileno())


def newest_kept(kept: WitnessLog, log: VerifierKey) -> Checkpoint:
    """What the witness knows; the empty tree where it knows nothing yet. Raises AuditError."""
    notes = kept.notes()
    return opened(notes[-1], log) if notes else Checkpoint(log.name, 0, EMPTY_ROOT)


def cosign(request: Request, kept: WitnessLog, log: VerifierKey, key: SignerKey, now: int) -> Note:
    """The checkpoint with the witness's cosignature, kept before it is returned. `now`: ms UTC. Raises OtherSize,
    AuditError, ProofError: then nothing was kept.
    """
    checkpoint, known = opened(request.note, log), newest_kept(kept, log)
    if request.old_size != known.size:
        raise OtherSize(
            f"the witness knows the tree of {known.size} entries, the request goes on from {request.old_size}: ask for "
            f"suyuan audit checkpoint --old {known.size}"
        )
    verify_consistency(known.size, known.root, checkpoint.size, checkpoint.root, request.proof)
    cosigned = Note(request.note.text, request.note.signatures).signed(key.cosign(request.note.text, now // 1000))
    kept.append(cosigned, now)
    return cosigned
