"""Giving access, taking it, and who has it: by the log alone, with no portal between."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import msgspec

from suyuan.access.events import (
    CONTROL,
    TOPIC,
    AccessEvent,
    KeyGranted,
    LinkMade,
    Revoked,
    UnreadableAccess,
    decode_access,
    encode_access,
    subject_of,
)
from suyuan.access.grants import Grants, principal_of
from suyuan.access.keys import Chance, Key, digest, new_key
from suyuan.access.principal import Role
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.eventlog.errors import UnknownTopic
from suyuan.operations.tail import Tail
from suyuan.publishing.control import append_control
from suyuan.publishing.files.outlet import Outlet

DAY_MS = 86_400_000
LINK_MS = 600_000
USUAL_DAYS, MOST_DAYS = 90, 400

OpenOutlet = Callable[[], AbstractContextManager[Outlet]]
OpenTail = Callable[[list[str], dict[tuple[str, int], int]], AbstractContextManager[Tail]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A key for somebody: see `events.Given`."""

    role: Role
    name: str
    division: str | None = None
    code: str | None = None
    kinds: tuple[str, ...] = ()
    days: int = USUAL_DAYS


def key_granted(wanted: Wanted, by: str, now: int, chance: Chance) -> tuple[Key, KeyGranted]:
    """A new key, which nobody is shown again, and what the log says of it. Raises SuyuanError, USAGE, for what makes no
    sense.
    """
    if not 1 <= wanted.days <= MOST_DAYS:
        raise SuyuanError(f"a key lasts 1 to {MOST_DAYS} days, not {wanted.days}", ErrorKind.USAGE)
    if not wanted.name.strip():
        raise SuyuanError("a key needs a name: whose it is", ErrorKind.USAGE)
    key = new_key(chance)
    granted = KeyGranted(
        id=key.id,
        digest=digest(key.secret),
        role=wanted.role,
        name=wanted.name,
        created=now,
        expires=now + wanted.days * DAY_MS,
        by=by,
        division=wanted.division,
        code=wanted.code,
        kinds=wanted.kinds,
    )
    principal_of(granted, "key")
    return key, granted


def link_made(wanted: Wanted, by: str, now: int, chance: Chance) -> tuple[Key, LinkMade]:
    """The token of a link by which a browser gets a session, once, within LINK_MS, and what the log says of it. Raises
    as `key_granted`; `days` do not matter.
    """
    key, granted = key_granted(wanted, by, now, chance)
    fields = msgspec.structs.asdict(granted)
    return key, LinkMade(**{**fields, "expires": now + LINK_MS})


def append_access(open_outlet: OpenOutlet, event: AccessEvent) -> None:
    """Into the log; durable on return. Raises SuyuanError."""
    append_control(open_outlet, CONTROL, subject_of(event), encode_access(event))


def read_grants(open_tail: OpenTail) -> Grants:
    """All that the log says until now; nobody has access where it has never been said. Raises SuyuanError."""
    grants = Grants()
    try:
        with open_tail([TOPIC], {}) as tail:
            while found := tail.read():
                for messages in found:
                    for value in messages.values:
                        _apply(grants, value)
    except UnknownTopic:
        return grants
    return grants


def revoke(open_outlet: OpenOutlet, grants: Grants, id: str, by: str, now: int) -> None:  # noqa: A002 -- the field's name
    """Raises SuyuanError, USAGE, where there is no such key."""
    if not grants.has(id):
        raise SuyuanError(f"there is no key {id}: suyuan access list names them", ErrorKind.USAGE)
    append_access(open_outlet, Revoked(id, now, by))


def _apply(grants: Grants, value: bytes | None) -> None:
    try:
        grants.apply(decode_access(value or b""))
    except UnreadableAccess:  # portals log it with its place
        return
