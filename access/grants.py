"""Who has access now: the sum of the events of access, in whatever order those of different subjects come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from suyuan.access import events as said
from suyuan.access.keys import Key, matches, parse_key
from suyuan.access.principal import Came, Principal, kinds_of, scope_of
from suyuan.errors import ErrorKind, SuyuanError

SESSION_MS = 8 * 3_600_000
"""that a session lasts at most"""
_MANY = 10_000

Why = Literal["malformed", "unknown", "wrong secret", "expired", "revoked", "used"]


class Refused(SuyuanError):
    """A credential that is not good. `why`: for the log; whoever showed it is not told. `id`: of the grant, where the
    credential names one.
    """

    def __init__(self, why: Why, id: str = "") -> None:  # noqa: A002 -- the field's name
        super().__init__(f"the credential is not good ({why})", ErrorKind.USAGE)
        self.why = why
        self.id = id


class Grants:
    """For one thread to change, and any to ask. The same event may be said twice."""

    def __init__(self) -> None:
        self._keys: dict[str, said.KeyGranted] = {}
        self._links: dict[str, said.LinkMade] = {}
        self._used: dict[str, str] = {}
        self._revoked: dict[str, int] = {}
        self._ended: dict[str, int] = {}
        self._ended_before: dict[str, int] = {}

    def apply(self, event: said.AccessEvent) -> None:
        """Take in one more."""
        match event:
            case said.KeyGranted():
                self._keys.setdefault(event.id, event)
            case said.LinkMade():
                self._links.setdefault(event.id, event)
            case said.LinkUsed():
                self._used.setdefault(event.id, event.use)
            case said.Revoked():
                self._revoked.setdefault(event.id, event.at)
            case said.SessionsEnded():
                self._end(event)

    def _end(self, event: said.SessionsEnded) -> None:
        if event.session is not None:
            self._ended[event.session] = event.at
            if len(self._ended) > _MANY:  # those that would have ended by now
                self._ended = {id_: at for id_, at in self._ended.items() if at > event.at - SESSION_MS}
        if event.subject is not None:
            self._ended_before[event.subject] = max(event.at, self._ended_before.get(event.subject, 0))

    def all_keys(self) -> Iterator[tuple[said.KeyGranted, int | None]]:
        """Every key, the newest first, and when it was revoked."""
        for key in sorted(self._keys.values(), key=lambda key: (-key.created, key.id)):
            yield key, self._revoked.get(key.id)

    def has(self, id: str) -> bool:  # noqa: A002 -- the field's name
        """Whether there is such a key or link, good or not."""
        return id in self._keys or id in self._links

    def by_key(self, text: str, now: int) -> Principal:
        """Whose key it is. Raises Refused."""
        key = parse_key(text)
        if key is None:
            raise Refused("malformed")
        return self._principal(self._keys.get(key.id), key, now, "key")

    def holder(self, id: str, now: int) -> Principal | None:  # noqa: A002 -- the field's name
        """Whose key has that id, for what is done in their name while they are not there; None: it is good no more."""
        given = self._keys.get(id)
        return None if given is None or id in self._revoked or now >= given.expires else principal_of(given, "key")

    def by_link(self, text: str, now: int) -> Principal:
        """For whom a link was made; its session has yet to be begun. Raises Refused."""
        key = parse_key(text)
        if key is None:
            raise Refused("malformed")
        found = self._principal(self._links.get(key.id), key, now, "session")
        if key.id in self._used:
            raise Refused("used", key.id)
        return found

    def used_by(self, link: str) -> str | None:
        """Which use of a link was the first; None while there is none. It never changes: uses of one link are told in
        the order of the log.
        """
        return self._used.get(link)

    def check_session(self, session: str, subject: str, began: int) -> None:
        """Whether a session goes on that a subject began then. Raises Refused."""
        if session in self._ended or self.is_revoked(subject, began):
            raise Refused("revoked", subject)

    def is_revoked(self, subject: str, began: int) -> bool:
        """Whether what somebody began then, by a key, a link or as a person, must not go on. What expires, or a session
        that is left, stops nothing that was begun while it was good.
        """
        return subject in self._revoked or began <= self._ended_before.get(subject, -1)

    def _principal(self, given: said.Given | None, key: Key, now: int, came: Came) -> Principal:
        if given is None:
            raise Refused("unknown", key.id)
        if not matches(key.secret, given.digest):
            raise Refused("wrong secret", key.id)
        if key.id in self._revoked:
            raise Refused("revoked", key.id)
        if now >= given.expires:
            raise Refused("expired", key.id)
        return principal_of(given, came)


def plain_key(key: said.KeyGranted, revoked: int | None, now: int) -> dict[str, Any]:
    """What is told of a key: all but what it is checked by; `state`: good, expired, revoked."""
    state = "revoked" if revoked is not None else "expired" if now >= key.expires else "good"
    shown = {name: value for name, value in msgspec.to_builtins(key).items() if name not in {"type", "digest"}}
    return {**shown, "revoked": revoked, "state": state}


def principal_of(given: said.Given, came: Came) -> Principal:
    """Whom a grant is for. Raises SuyuanError where it makes no sense."""
    return Principal(
        id=given.id,
        role=given.role,
        name=given.name,
        scope=scope_of(given.role, given.division, given.code),
        kinds=kinds_of(given.role, given.kinds),
        came=came,
        not_after=given.expires,
    )
