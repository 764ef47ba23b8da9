"""uvicorn's names that it has not promised to keep: see `connections.private_names`."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import Send

from suyuan.connections.private_names import PrivateName

NAMES = (
    PrivateName(
        "uvicorn.protocols.http.h11_impl.RequestResponseCycle",
        "transport",
        "ends a connection whose client does not read: every public way waits until what was written is taken",
    ),
)


def abort_of(send: Send) -> Callable[[], None]:
    """What ends the connection that `send`, uvicorn's own, writes to; of another server, nothing."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    abort = getattr(transport, "abort", None)
    return abort if callable(abort) else lambda: None
