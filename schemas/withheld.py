"""What a dead letter keeps of a message that may name a person: its size and its hash, never its bytes."""

from __future__ import annotations

from hashlib import sha256

from suyuan.schemas.kinds import PERSONAL

WITHHELD_TOPICS = frozenset(f"in.{kind}" for kind in PERSONAL)
"""topics whose unreadable or refused messages are withheld, keys included"""

_PREFIX = b"withheld sha256:"
_DIGEST_CHARACTERS = 64


def stand_in(value: bytes) -> bytes:
    """The bytes that are kept in place of a value: a fixed prefix and its SHA-256 in hex."""
    return _PREFIX + sha256(value).hexdigest().encode()


def withheld_hash(payload: bytes) -> str | None:
    """The SHA-256, in hex, of the value that a payload stands in for; None where the payload is the value itself."""
    if not payload.startswith(_PREFIX) or len(payload) != len(_PREFIX) + _DIGEST_CHARACTERS:
        return None
    return payload[len(_PREFIX) :].decode("ascii", "replace")


def hash_of_withheld(payload: bytes, size: int) -> str | None:
    """The SHA-256, in hex, of the value that a payload stands in for, or of the payload where a former version kept all
    of it (`size` bytes); None where it is not known.
    """
    known = withheld_hash(payload)
    return sha256(payload).hexdigest() if known is None and len(payload) == size else known
