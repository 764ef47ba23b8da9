"""What a connection could not send at once is not sent later without a lease.

A request of megabytes is handed to the system piece by piece. A process that stands still between two pieces would
send the rest as the first thing it does afterwards, before anything of ours runs: the broker then has a whole request
of an owner that is one no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def send_under_lease(client: Any, holds_lease: Callable[[], bool]) -> None:
    """Have the connections of aiokafka's client break off what they have begun to send while `holds_lease()` is false.
    Whoever waits for an answer gets aiokafka's connection error, and the broker forgets the piece that it has.
    """
    connect = client._get_conn  # noqa: SLF001

    async def connect_leased(*args: Any, **kwargs: Any) -> Any:
        connection = await connect(*args, **kwargs)
        if connection is not None and connection.connected():
            _guard(socket_transport(connection._writer.transport), holds_lease)  # noqa: SLF001
        return connection

    client._get_conn = connect_leased  # noqa: SLF001


def socket_transport(transport: Any) -> Any:
    """The transport that writes to the socket: below TLS another one than the connection's."""
    tls = getattr(transport, "_ssl_protocol", None)
    return transport if tls is None else tls._transport  # noqa: SLF001


def _guard(transport: Any, holds_lease: Callable[[], bool]) -> None:
    if transport is None or hasattr(transport, "leased"):
        return
    send_rest = transport._write_ready  # noqa: SLF001 - called when the system takes more

    def send_rest_leased() -> None:
        if holds_lease():
            send_rest()
        else:
            transport.abort()

    transport._write_ready = send_rest_leased  # noqa: SLF001
    transport.leased = True
