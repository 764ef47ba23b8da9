"""Keeps a connection from sending, without a lease, what it could not send at once.

A request of megabytes is handed to the operating system piece by piece. A process that stands still between two pieces
would send the rest as the first thing it does afterwards, before any of our code runs: the broker then has a whole
request of a former owner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


PRODUCE = b"\0\0"
"""key of the request in its bytes 4 and 5, after its length (Kafka protocol guide, "Common request header")"""


def break_off_without_lease(client: Any, holds_lease: Callable[[], bool]) -> None:
    """Have the connections of aiokafka's client break off what they have begun to send while `holds_lease()` is false,
    and begin no produce request. Callers that wait for an answer get aiokafka's connection error, and the broker
    forgets the piece that it has.
    """
    connect = client._get_conn  # noqa: SLF001

    async def connect_leased(*args: Any, **kwargs: Any) -> Any:
        connection = await connect(*args, **kwargs)
        if connection is not None and connection.connected():
            writer = connection._writer  # noqa: SLF001
            _guard_begin(writer, holds_lease)
            _guard_rest(socket_transport(writer.transport), holds_lease)
        return connection

    client._get_conn = connect_leased  # noqa: SLF001


def socket_transport(transport: Any) -> Any:
    """The transport that writes to the socket; under TLS it is not the connection's own."""
    tls = getattr(transport, "_ssl_protocol", None)
    return transport if tls is None else tls._transport  # noqa: SLF001


def _guard_begin(writer: Any, holds_lease: Callable[[], bool]) -> None:
    """Check the lease once more before a produce request: one of megabytes is put together for a while after its
    batches were released.
    """
    if hasattr(writer, "leased"):
        return
    write = writer.write

    def write_leased(request: bytes) -> None:
        if request[4:6] == PRODUCE and not holds_lease():
            raise ConnectionAbortedError("no lease")
        write(request)

    writer.write = write_leased
    writer.leased = True


def _guard_rest(transport: Any, holds_lease: Callable[[], bool]) -> None:
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
