"""Checkpoints as they are known: each once, with every signature that is known of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from suyuan.domain.audit.checkpoints import Checkpoint
from suyuan.domain.audit.keys import SIGNATURE_BYTES, TIME_BYTES, cosigned_at
from suyuan.domain.audit.notes import Note
from suyuan.queries.answers import AuditHead

SECOND_MS = 1_000


class Seen(NamedTuple):
    """A checkpoint. `signed_at`: by the log's clock, ms UTC; `cosigned`: by whom, and when by their own clocks, ms UTC.
    Whether a signature is what it says, keys tell.
    """

    checkpoint: Checkpoint
    note: Note
    signed_at: int
    cosigned: tuple[tuple[str, int], ...]

    def witnesses_before(self, moment: int | None) -> list[str]:
        """Those that say they saw it before a moment, ms UTC; None: whenever. They tell the second: it is over then."""
        return sorted({name for name, at in self.cosigned if moment is None or at + SECOND_MS <= moment})


def checkpoints(heads: Iterable[AuditHead]) -> list[Seen]:
    """Every checkpoint among heads. Raises AuditError for what is no note of a checkpoint."""
    notes: dict[str, tuple[Note, int]] = {}
    for head in heads:
        if head.note is not None:
            note = Note.parse(head.note)
            known, at = notes.get(note.text, (note, head.at))
            notes[note.text] = known.signed(*note.signatures), min(at, head.at)
    return [_seen(note, at) for note, at in notes.values()]


def best_of(seen: Iterable[Seen], before: int | None = None) -> Seen | None:
    """The one that most witnesses saw, before a moment (ms UTC) where one is given; of several the smallest, which is
    the earliest.
    """
    return min(seen, key=lambda each: (-len(each.witnesses_before(before)), each.checkpoint.size), default=None)


def _seen(note: Note, at: int) -> Seen:
    checkpoint = Checkpoint.parse(note.text)
    cosigned = (
        (each.name, cosigned_at(each) * 1000)
        for each in note.signatures
        if len(each.value) == TIME_BYTES + SIGNATURE_BYTES
        and each.name != checkpoint.origin  # nobody is its own witness
    )
    return Seen(checkpoint, note, at, tuple(cosigned))
