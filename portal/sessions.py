"""Sessions of browsers: a signed cookie says whose it is and until when, and the log whether it was ended before.

Over TLS the cookie has a name that only this host can set (`__Host-`); on this machine without TLS the port is in its
name, since cookies know no ports and two portals of one machine would share them.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import msgspec
from fastapi import Request, Response
from itsdangerous import BadSignature, URLSafeSerializer

from suyuan.access.grants import SESSION_MS
from suyuan.access.principal import Principal, Role, kinds_of, scope_of

CSRF_HEADER, CSRF_FIELD = "x-csrf-token", "csrf"


class Session(msgspec.Struct, frozen=True):
    """What a cookie says; times in ms UTC, the rest as in `access.events.Given`."""

    id: str
    subject: str
    role: Role
    name: str
    began: int
    expires: int
    division: str | None = None
    code: str | None = None
    kinds: tuple[str, ...] = ()

    @property
    def principal(self) -> Principal:
        """Whose it is."""
        return Principal(
            id=self.subject,
            role=self.role,
            name=self.name,
            scope=scope_of(self.role, self.division, self.code),
            kinds=kinds_of(self.role, self.kinds),
            came="session",
            not_after=self.expires,
            session=self.id,
        )


class Sessions:
    """Signs them. `secret`: the same in all portals of one cluster."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._signer = URLSafeSerializer(secret, salt="session")

    @staticmethod
    def begun(principal: Principal, id: str, now: int) -> Session:  # noqa: A002 -- the field's name
        """A session of somebody, for 8 hours, or as long as what let them in is good."""
        return Session(
            id=id,
            subject=principal.id,
            role=principal.role,
            name=principal.name,
            began=now,
            expires=min(now + SESSION_MS, principal.not_after),
            division=next(iter(principal.scope.divisions), None),
            code=principal.code,
            kinds=principal.kinds if principal.role == Role.PUBLISHER else (),
        )

    def read(self, request: Request, now: int) -> Session | None:
        """Of the request's cookie; None where there is none, or one that is not ours or over."""
        value = request.cookies.get(cookie_name(request))
        if not value:
            return None
        try:
            session = msgspec.convert(self._signer.loads(value), Session)
        except (BadSignature, msgspec.ValidationError):
            return None
        return session if now < session.expires else None

    def write(self, request: Request, response: Response, session: Session, now: int) -> None:
        """Set the cookie."""
        value = str(self._signer.dumps(msgspec.to_builtins(session)))
        response.set_cookie(
            cookie_name(request), value, max_age=(session.expires - now) // 1000, **_attributes(request)
        )

    def sealed(self, use: str, value: Any) -> str:
        """Signed for one use, for a cookie."""
        return str(URLSafeSerializer(self._secret, salt=use).dumps(value))

    def opened(self, use: str, text: str) -> Any:
        """What was sealed for that use. Raises BadSignature."""
        return URLSafeSerializer(self._secret, salt=use).loads(text)

    @staticmethod
    def clear(request: Request, response: Response) -> None:
        """Take the cookie away."""
        response.delete_cookie(cookie_name(request), **_attributes(request))

    def csrf(self, session_id: str) -> str:
        """What forms of that session send along, which no other site can know."""
        return hmac.new(self._secret, f"csrf {session_id}".encode(), hashlib.sha256).hexdigest()


def cookie_name(request: Request) -> str:
    """Of the session, for how the request came."""
    if request.url.scheme == "https":
        return "__Host-suyuan-session"
    return f"suyuan-session-{request.url.port or 80}"


def _attributes(request: Request) -> dict[str, Any]:
    return {"secure": request.url.scheme == "https", "httponly": True, "samesite": "lax", "path": "/"}
