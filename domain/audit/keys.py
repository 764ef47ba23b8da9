"""Ed25519 keys of logs and witnesses, and their text forms, which Go's sumdb/note and other tools of C2SP read too.

Whoever has a log's key signs notes with it; a witness cosigns checkpoints, and says when. Key, name and type of
signature make the key's id, which stands in every signature.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from suyuan.domain.audit.errors import AuditError

ID_BYTES, KEY_BYTES, SIGNATURE_BYTES, TIME_BYTES = 4, 32, 64, 8
_PRIVATE = ("PRIVATE", "KEY")
_ID = re.compile("[0-9a-f]{8}")


class SignatureType(IntEnum):
    """What a signature is over, by the byte that C2SP signed-note has assigned to it."""

    NOTE = 0x01
    """the note's text"""
    COSIGNATURE = 0x04
    """a checkpoint, as a witness saw it at a time (C2SP tlog-cosignature)"""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature of a note. `value`: what the key made, for a cosignature behind its time."""

    name: str
    key_id: bytes
    value: bytes

    @property
    def line(self) -> str:
        """Its line in the note, without the end of line."""
        return f"\u2014 {self.name} {b64encode(self.key_id + self.value).decode()}"


@dataclass(frozen=True)
class VerifierKey:
    """A public key that signatures are checked with."""

    name: str
    public: bytes
    type: SignatureType = SignatureType.NOTE

    def __post_init__(self) -> None:
        """Raises AuditError for a name or key that cannot be."""
        _refuse_name(self.name)
        if len(self.public) != KEY_BYTES:
            raise AuditError(f"a public key of {len(self.public)} bytes, not {KEY_BYTES}")

    @cached_property
    def key_id(self) -> bytes:
        """What signatures with it begin with."""
        return _key_id(self.name, self.type, self.public)

    def __str__(self) -> str:
        """name+id+key, as `parse` reads it."""
        return _text(self.name, self.key_id, bytes([self.type]) + self.public)

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key of its text form. Raises AuditError."""
        name, key_id, content = _parts("a verifier's key", text.split("+", 2))
        try:
            kind = SignatureType(content[0])
        except ValueError:
            raise AuditError(f"a key for signatures of type {content[0]:#04x}, which is not known") from None
        key = cls(name, content[1:], kind)
        if key.key_id != key_id:
            raise AuditError(f"the key of {name} has not the id that its text says")
        return key

    def made(self, signature: Signature) -> bool:
        """Whether a signature says that it is this key's."""
        return (signature.name, signature.key_id) == (self.name, self.key_id)

    def verify(self, text: str, signature: Signature) -> None:
        """Check a signature of this key over a note's text. Raises AuditError."""
        message, value = text.encode(), signature.value
        if self.type is SignatureType.COSIGNATURE:
            message, value = cosigned_message(text, cosigned_at(signature)), value[TIME_BYTES:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(value, message)
        except (InvalidSignature, ValueError):
            raise AuditError(f"the signature of {self.name} is not one of this text") from None


@dataclass(frozen=True)
class SignerKey:
    """A private key, of a log or a witness, which is not shown. Equal texts get equal signatures."""

    name: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Raises AuditError for a name or key that cannot be."""
        _refuse_name(self.name)
        if len(self.seed) != KEY_BYTES:
            raise AuditError(f"a private key of {len(self.seed)} bytes, not {KEY_BYTES}")

    def private_text(self) -> str:
        """PRIVATE+KEY+name+id+key, as `parse` reads it."""
        own = self.verifier()
        return "+".join((*_PRIVATE, _text(own.name, own.key_id, bytes([own.type]) + self.seed)))

    @classmethod
    def parse(cls, text: str) -> SignerKey:
        """The key of its text form. Raises AuditError, which quotes nothing of it."""
        *mark, name, key_id, content = (*[""] * 5, *text.strip().split("+", 4))[-5:]
        if tuple(mark) != _PRIVATE:
            raise AuditError("a private key begins with PRIVATE+KEY+")
        name, identity, secret = _parts("a private key", [name, key_id, content])
        if secret[0] != SignatureType.NOTE:
            raise AuditError("a private key of another type than Ed25519")
        key = cls(name, secret[1:])
        if key.verifier().key_id != identity:
            raise AuditError(f"the private key of {name} has not the id that its text says")
        return key

    def verifier(self, kind: SignatureType = SignatureType.NOTE) -> VerifierKey:
        """What others check its signatures of that type with."""
        return VerifierKey(self.name, self._private.public_key().public_bytes_raw(), kind)

    def sign(self, text: str) -> Signature:
        """Signs a note's text."""
        return Signature(self.name, self.verifier().key_id, self._private.sign(text.encode()))

    def cosign(self, text: str, time: int) -> Signature:
        """Signs a checkpoint's text as a witness. `time`: seconds since the epoch."""
        key_id = self.verifier(SignatureType.COSIGNATURE).key_id
        value = self._private.sign(cosigned_message(text, time))
        return Signature(self.name, key_id, time.to_bytes(TIME_BYTES, "big") + value)

    @cached_property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def cosigned_message(text: str, time: int) -> bytes:
    """What a witness signs of a checkpoint's text at a time, in seconds since the epoch."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def cosigned_at(cosignature: Signature) -> int:
    """When a witness made it, in seconds since the epoch, by its own clock. Raises AuditError."""
    if len(cosignature.value) != TIME_BYTES + SIGNATURE_BYTES:
        raise AuditError(f"a cosignature of {cosignature.name} that has not the length of one")
    return int.from_bytes(cosignature.value[:TIME_BYTES], "big")


def _key_id(name: str, kind: SignatureType, public: bytes) -> bytes:
    return sha256(b"\n".join((name.encode(), bytes([kind]) + public))).digest()[:ID_BYTES]


def _text(name: str, key_id: bytes, content: bytes) -> str:
    return f"{name}+{key_id.hex()}+{b64encode(content).decode()}"


def _parts(what: str, parts: list[str]) -> tuple[str, bytes, bytes]:
    if len(parts) != len(("name", "id", "key")) or not _ID.fullmatch(parts[1]):
        raise AuditError(f"{what} has the form name+id+key, the id of eight hex digits")
    try:
        content = b64decode(parts[2], validate=True)
    except NoBase64:
        content = b""
    if len(content) != 1 + KEY_BYTES or b64encode(content).decode() != parts[2]:
        raise AuditError(f"{what} that ends with no key of {KEY_BYTES} bytes and its type, in base64")
    return parts[0], bytes.fromhex(parts[1]), content


def _refuse_name(name: str) -> None:
    if not is_name(name):
        raise AuditError(f"{name!r} is no name of a key: it has a blank, a + or a control character, or nothing")


def is_name(text: str) -> bool:
    """Whether a key can be called so: not empty, no blanks, no plus, no control characters."""
    return bool(text) and not any(each.isspace() or each == "+" or each < " " for each in text)
