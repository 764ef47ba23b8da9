"""Notes that people write with their acts: kept outside of these, so that one can be erased and no act changes.

An act carries the id of its note and a hash of the note's salt and text. Whoever has the note can check that it is the
one that was written then; of an erased one the hash tells nothing, since the salt is gone with the text.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec

from suyuan.domain.privacy.scrub import scrub
from suyuan.errors import ErrorKind, SuyuanError

MOST_CHARACTERS = 4000
SALT_BYTES = 16


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A note. `alert_id`: None for one that was written with acts on several; `author`: account id; `salt`: hex; times
    in ms UTC. Once it is erased it has no `text`, `salt` and `author`, and `erased_at` says when that was.
    """

    note_id: str
    alert_id: str | None
    text: str | None
    salt: str | None
    author: str | None
    written_at: int | None
    erased_at: int | None = None


class BadNote(SuyuanError):
    """What was written is no note."""

    kind = ErrorKind.USAGE


def written(text: str, *, note_id: str, alert_id: str | None, author: str, at: int, salt: bytes) -> Note:
    """A note as it is kept: without numbers that lead to a person (`privacy.scrub`). `salt`: SALT_BYTES that nobody can
    guess. Raises BadNote for nothing, for what is longer than MOST_CHARACTERS, and for what is no Unicode text.
    """
    if not text.strip():
        raise BadNote("a note says something: write it, or leave it out")
    if len(text) > MOST_CHARACTERS:
        raise BadNote(f"the note is of {len(text):,} characters: at most {MOST_CHARACTERS:,}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadNote("the note is no Unicode text: it holds half of a character") from None
    return Note(note_id=note_id, alert_id=alert_id, text=scrub(text), salt=salt.hex(), author=author, written_at=at)


def erased(note_id: str, at: int) -> Note:
    """What is left of a note."""
    return Note(note_id=note_id, alert_id=None, text=None, salt=None, author=None, written_at=None, erased_at=at)


def note_hash(salt: str, text: str) -> str:
    """SHA-256 of the salt, as it is written in the note, and the text; hex."""
    return sha256(f"{salt}{text}".encode()).hexdigest()


def is_of(note: Note, note_id: str | None, hashed: str | None) -> bool:
    """Whether a note is the one that an act with these two names was written with."""
    if note.text is None or note.salt is None:
        return False
    return note.note_id == note_id and note_hash(note.salt, note.text) == hashed
