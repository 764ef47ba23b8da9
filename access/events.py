"""What is said of access, in the order of the topic `in.access`: one JSON object each.

Keys and links by their digests only. Whoever can append to the topic is admin: of a data folder, who can write it; of
Kafka, who may write to the topic.
"""

from __future__ import annotations

import msgspec

from suyuan.access.principal import Role
from suyuan.errors import SuyuanError

CONTROL = "access"
"""what the topic `in.access` is called as a kind"""
TOPIC = f"in.{CONTROL}"


class Given(msgspec.Struct, frozen=True):
    """Access for somebody. `digest`: of the secret; `division`, `code`: of the scope, see `principal.scope_of`; times
    in ms UTC; `by`: the principal who gave it, or `command`.
    """

    id: str
    digest: str
    role: Role
    name: str
    created: int
    expires: int
    by: str
    division: str | None = None
    code: str | None = None
    kinds: tuple[str, ...] = ()


class KeyGranted(Given, frozen=True, tag="key_granted"):
    """An API key."""


class LinkMade(Given, frozen=True, tag="link_made"):
    """A link by which a browser gets a session, once."""


class LinkUsed(msgspec.Struct, frozen=True, tag="link_used"):
    """A link has been used up. `use`: of whoever used it, at random; of several the first in the log is the one."""

    id: str
    at: int
    use: str = ""


class Revoked(msgspec.Struct, frozen=True, tag="revoked"):
    """A key or link is good no more, nor are sessions that a link made."""

    id: str
    at: int
    by: str


class SessionsEnded(msgspec.Struct, frozen=True, tag="sessions_ended"):
    """One session, by its id, or all that a subject began before `at`."""

    at: int
    by: str
    session: str | None = None
    subject: str | None = None


AccessEvent = KeyGranted | LinkMade | LinkUsed | Revoked | SessionsEnded

_decoder: msgspec.json.Decoder[AccessEvent] = msgspec.json.Decoder(AccessEvent)


class UnreadableAccess(SuyuanError):
    """What stands in the topic is none of these."""


def encode_access(event: AccessEvent) -> bytes:
    """As it stands in the log."""
    return msgspec.json.encode(event)


def decode_access(value: bytes) -> AccessEvent:
    """Raises UnreadableAccess."""
    try:
        return _decoder.decode(value)
    except msgspec.DecodeError as error:
        raise UnreadableAccess(f"no event of access: {error}") from None


def subject_of(event: AccessEvent) -> str:
    """Whom it is about: the business key, so that what is said of one lies in one partition, in its order."""
    match event:
        case SessionsEnded(session=session, subject=subject):
            return subject or session or ""
        case _:
            return event.id
