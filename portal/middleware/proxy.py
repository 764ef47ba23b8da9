"""Requests that came through a proxy of ours are taken for those of whom it names; plaintext of others is refused."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from suyuan.connections.addresses import is_loopback
from suyuan.portal.problems import Problem, answer_of

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Proxy:
    """ASGI middleware. `proxies`: whose X-Forwarded-For and X-Forwarded-Proto are believed."""

    def __init__(self, app: ASGIApp, proxies: Sequence[Network]) -> None:
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http" and self._proxies:
            peer = scope["client"][0] if scope["client"] else ""
            if self._is_ours(peer):
                _forward(scope)
            elif scope["scheme"] != "https" and not is_loopback(peer):
                await answer_of(scope["state"]["id"], Problem("plaintext-refused"))(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _is_ours(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._proxies)


def _forward(scope: Scope) -> None:
    """In its place: what the request went through before looks at it too."""
    headers = Headers(scope=scope)
    client = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()  # the last is the one that it saw itself
    scheme = headers.get("x-forwarded-proto", "").strip().lower()
    if client:
        scope["client"] = (client, 0)
    if scheme in {"http", "https"}:
        scope["scheme"] = scheme
