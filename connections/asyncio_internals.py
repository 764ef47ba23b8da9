"""asyncio's private names: see `private_names`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from suyuan.connections.private_names import PrivateName

NAMES = (
    PrivateName(
        "asyncio.sslproto._SSLProtocolTransport",
        "_ssl_protocol",
        "leads to the socket's transport below TLS, which no public name does",
    ),
    PrivateName("asyncio.sslproto.SSLProtocol", "_transport", "as `_ssl_protocol`"),
    PrivateName(
        "asyncio.selector_events._SelectorSocketTransport",
        "_write_ready",
        "sends what the system did not take at once, before anything of ours runs; a transport has no hook for it",
    ),
)


def socket_transport(transport: Any) -> Any:
    """The transport that writes to the socket: below TLS another one than the connection's."""
    tls = getattr(transport, "_ssl_protocol", None)
    return transport if tls is None else tls._transport


def replace_write_ready(transport: Any, made_of: Callable[[Callable[[], None]], Callable[[], None]]) -> None:
    """Have a socket's transport call `made_of(its own way)` whenever the system takes more of what waits."""
    transport._write_ready = made_of(transport._write_ready)
