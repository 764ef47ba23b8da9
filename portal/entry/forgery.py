"""Whether a browser's request came from a page of ours: its Origin says so, and it has what only our pages know."""

from __future__ import annotations

import hmac

from fastapi import Request

from suyuan.portal.problems import Problem
from suyuan.portal.sessions import CSRF_FIELD, CSRF_HEADER

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
        field = (await request.form()).get(CSRF_FIELD)
        given = field if isinstance(field, str) else None
    if given is None or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise Problem("foreign-request")
