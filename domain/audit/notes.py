"""Signed notes: a text with signatures, as C2SP signed-note says.

The text ends with an end of line; an empty line follows, then one line for each signature. It is to be believed only
as far as `Note.verified` says whose signatures were checked.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Collection
from dataclasses import dataclass

from suyuan.domain.audit.errors import AuditError
from suyuan.domain.audit.keys import ID_BYTES, Signature, VerifierKey, is_name

MOST_BYTES = 1 << 20
MOST_SIGNATURES = 100
_DASH = "\u2014 "
_SIGNATURE_PARTS = 2


@dataclass(frozen=True, slots=True)
class Note:
    """`text`: with its last end of line; nothing of it is checked before `verified`."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        """The note as it is passed on, as `parse` reads it."""
        return f"{self.text}\n" + "".join(f"{each.line}\n" for each in self.signatures)

    @classmethod
    def parse(cls, note: str | bytes) -> Note:
        """The note of its text form. Raises AuditError."""
        text, signatures = _split(_decoded(note))
        lines = signatures[:-1].split("\n")
        if len(lines) > MOST_SIGNATURES:
            raise AuditError(f"a note with more than {MOST_SIGNATURES} signatures")
        return cls(text, tuple(map(_signature, lines)))

    def verified(self, keys: Collection[VerifierKey]) -> tuple[VerifierKey, ...]:
        """Those of the keys that signed it. Signatures of others are passed over. Raises AuditError where a signature
        that says it is of one of the keys is not, and where there is none.
        """
        signed = []
        for signature in self.signatures:
            for key in keys:
                if key.made(signature):
                    key.verify(self.text, signature)
                    signed.append(key)
        if not signed:
            names = ", ".join(sorted({each.name for each in self.signatures}))
            raise AuditError(f"the note is signed by {names}, and by none of the keys that are asked for")
        return tuple(dict.fromkeys(signed))

    def signature_of(self, key: VerifierKey) -> Signature | None:
        """The first signature that says it is the key's."""
        return next(filter(key.made, self.signatures), None)

    def signed(self, *signatures: Signature) -> Note:
        """The same text with these signatures behind its own; one that it has is not added."""
        return Note(self.text, tuple(dict.fromkeys((*self.signatures, *signatures))))


def _decoded(note: str | bytes) -> str:
    if len(note) > MOST_BYTES:
        raise AuditError(f"a note of more than {MOST_BYTES} bytes")
    try:
        text = note.encode().decode() if isinstance(note, str) else note.decode()
    except UnicodeError:
        raise AuditError("a note that is not UTF-8") from None
    if any(each < " " and each != "\n" for each in text):
        raise AuditError("a note with a control character")
    return text


def _split(note: str) -> tuple[str, str]:
    """The text, and the lines of signatures."""
    text, empty_line, signatures = note.rpartition("\n\n")
    if not empty_line or not signatures.endswith("\n"):
        raise AuditError("a note without an empty line and signatures behind it")
    return f"{text}\n", signatures


def _signature(line: str) -> Signature:
    parts = line.removeprefix(_DASH).split(" ")
    if not line.startswith(_DASH) or len(parts) != _SIGNATURE_PARTS or not is_name(parts[0]):
        raise AuditError("a line of a signature that is not: dash, blank, name, blank, signature")
    try:
        value = b64decode(parts[1], validate=True)
    except NoBase64:
        value = b""
    if len(value) <= ID_BYTES or b64encode(value).decode() != parts[1]:
        raise AuditError(f"a signature of {parts[0]} that is not base64")
    return Signature(parts[0], value[:ID_BYTES], value[ID_BYTES:])
