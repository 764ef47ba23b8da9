"""Keeps a connection from sending, without a lease, what it could not send at once.

A request of megabytes is handed to the operating system piece by piece. A process that stands still between two pieces
would send the rest as the first thing it does afterwards, before any of our code runs: the broker then has a whole
request of a former owner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from suyuan.connections.aiokafka_internals import replace_connecting
from suyuan.connections.asyncio_internals import replace_write_ready, socket_transport

if TYPE_CHECKING:
    from collections.abc import Callable


PRODUCE = b"\0\0"
"""key of the request in its bytes 4 and 5, after its length (Kafka protocol guide, "Common request header")"""


def break_off_without_lease(client: Any, holds_lease: Callable[[], bool]) -> None:
    """Have the connections of aiokafka's client break off what they have begun to send while `holds_lease()` is false,
    and begin no produce request. Callers that wait for an answer get aiokafka's connection error, and the broker
    forgets the piece that it has.
    """
    guarded: WeakSet[Any] = WeakSet()

    def guard(writer: Any) -> None:
        if writer not in guarded:
            guarded.add(writer)
            _guard_begin(writer, holds_lease)
        transport = socket_transport(writer.transport)
        if transport is not None and transport not in guarded:
            guarded.add(transport)
            _guard_rest(transport, holds_lease)

    replace_connecting(client, guard)


def _guard_begin(writer: Any, holds_lease: Callable[[], bool]) -> None:
    """Check the lease once more before a produce request: one of megabytes is put together for a while after its
    batches were released.
    """
    write = writer.write

    def write_leased(request: bytes) -> None:
        if request[4:6] == PRODUCE and not holds_lease():
            raise ConnectionAbortedError("no lease")
        write(request)

    writer.write = write_leased


def _guard_rest(transport: Any, holds_lease: Callable[[], bool]) -> None:
    def made_of(send_rest: Callable[[], None]) -> Callable[[], None]:
        def send_rest_leased() -> None:
            if holds_lease():
                send_rest()
            else:
                transport.abort()

        return send_rest_leased

    replace_write_ready(transport, made_of)
