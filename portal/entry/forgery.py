"""Whether a browser's request came from a page of ours: its Origin says so, and it has what only our pages know."""

from __future__ import annotations

import hmac
import re

from fastapi import Request
from starlette.types import Message

from suyuan.portal.problems import Problem
from suyuan.portal.sessions import CSRF_FIELD, CSRF_HEADER

_MOST_PEEKED = 64 << 10
_NAME = CSRF_FIELD.encode()
_IN_PART = re.compile(rb'name="' + _NAME + rb'"\r\n(?:[^\r\n]+\r\n)*\r\n([0-9a-f]{64})\r\n')
_IN_QUERY = re.compile(rb"(?:^|&)" + _NAME + rb"=([0-9a-f]{64})(?:&|$)")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def check_origin(request: Request, origin: str) -> None:
    """`origin`: of ours, by the settings; empty: what the request itself was sent to, whose host was checked. Raises
    Problem.
    """
    ours = {f"{request.url.scheme}://{request.headers.get('host', '')}", origin.rstrip("/")} - {""}
    if request.headers.get("origin", "") not in ours:
        raise Problem("foreign-request")


async def check_token(request: Request, wanted: str) -> None:
    """In a header, or in a field of a form. Raises Problem."""
    given = request.headers.get(CSRF_HEADER)
    if given is None and request.headers.get("content-type", "").split(";")[0].strip().lower() in _FORMS:
        given = await _token_in_form(request)
    if given is None or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise Problem("foreign-request")


async def _token_in_form(request: Request) -> str | None:
    """What the token's field says, which is among the first of the form. What was read for that is read again by
    whoever handles the request (`body_limit`): a form may bring a file that is larger than memory.
    """
    peeked: list[Message] = []
    came, found = b"", None
    while len(came) < _MOST_PEEKED:
        message = await request.receive()
        peeked.append(message)
        came += message.get("body") or b""
        found = _IN_PART.search(came) or _IN_QUERY.search(came)
        if found is not None or not message.get("more_body"):
            break
    request.state.peeked = peeked
    return None if found is None else found[1].decode()
