"""What a request may be before anything of it is looked at: its host is ours, its address and headers have an end."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from suyuan.portal.problems import Problem, answer_of

URL_BYTES = 8 << 10
HEADER_BYTES = 32 << 10
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


def allowed_hosts(origin: str, others: Iterable[str] = ()) -> frozenset[str]:
    """Names without ports: this machine's, and that of the origin that the portal is reached by."""
    named = urlsplit(origin).hostname if origin else None
    return LOOPBACK | set(others) | ({named.lower()} if named else set())


class Limits:
    """ASGI middleware. A name that is not ours is refused: no page of others can have a browser ask us by its own."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http" and (name := self._wrong(scope)) is not None:
            await answer_of(scope["state"]["id"], Problem(name))(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _wrong(self, scope: Scope) -> str | None:
        if len(scope["raw_path"] or b"") + len(scope["query_string"]) > URL_BYTES:
            return "url-too-long"
        if sum(len(name) + len(value) for name, value in scope["headers"]) > HEADER_BYTES:
            return "headers-too-large"
        host = Headers(scope=scope).get("host", "").lower()
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        return None if name in self._hosts else "wrong-host"
