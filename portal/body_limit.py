"""How large a body may be: told by its length before it is read, else counted while it comes."""

from __future__ import annotations

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import Message

_TOO_LARGE = 413


def bounded(request: Request, most: int) -> Request:
    """The request, whose body ends with an error behind so many bytes. Raises HTTPException (413), which FastAPI lets
    through where it would take another for a body that cannot be read.
    """
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdecimal() and int(length) > most:
        raise HTTPException(_TOO_LARGE)
    came = 0

    async def receive() -> Message:
        nonlocal came
        peeked: list[Message] = getattr(request.state, "peeked", [])
        if peeked:
            return peeked.pop(0)
        message = await request.receive()
        came += len(message.get("body") or b"")
        if came > most:
            raise HTTPException(_TOO_LARGE)
        return message

    return Request(request.scope, receive)
