"""What went wrong, as problem details (RFC 9457): one table of types, and the errors of the house made into them.

A problem never shows a traceback, a statement or a key: what only the operator can mend is logged under the request's
id, and whoever asked is told that id.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from suyuan.access.scope import OutsideScope
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.api import NothingProcessed

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
PREFIX = "/problems/"
PageOf = Callable[[Request, "Problem"], Awaitable[Response]]
"""makes a page of a problem, for who asked for HTML"""


class Type(msgspec.Struct, frozen=True):
    """A type of problem: its status, and what is said of all of its kind."""

    status: int
    title: str
    advice: str


TYPES: Mapping[str, Type] = {
    "bad-request": Type(400, "The request makes no sense", "Ask otherwise: the detail says what is wrong."),
    "bad-cursor": Type(400, "That is no place in this list", "Begin again without a cursor."),
    "unauthorized": Type(401, "A credential is needed", "Send a key that is good, or sign in. Ask an admin for one."),
    "forbidden": Type(403, "Your role may not do that", "Ask an admin whether your role should."),
    "outside-scope": Type(403, "Your scope shows none of these", "Ask for what lies within your scope."),
    "foreign-request": Type(403, "The request came from another site", "Load the page anew and try again."),
    "not-found": Type(404, "There is no such thing", "It is not there, or not within your scope."),
    "method-not-allowed": Type(405, "Not by this method", "The header Allow names those that can be used."),
    "not-acceptable": Type(406, "Not in that form", "Ask for application/json, text/csv or application/x-ndjson."),
    "plaintext-refused": Type(403, "Not in plaintext", "Come by https, the way that the operator names."),
    "conflict": Type(409, "Somebody was there before", "Read it again, then decide."),
    "precondition-failed": Type(412, "It has changed since", "Read it again, then decide."),
    "body-too-large": Type(413, "The body is too large", "Send less at a time."),
    "unreadable-body": Type(422, "The events cannot be read", "`errors` says why; nothing of it was published."),
    "url-too-long": Type(414, "The address is too long", "Ask for less at a time."),
    "unsupported-media-type": Type(415, "Not that kind of body", "The API's description names the kinds."),
    "wrong-host": Type(421, "This is not that host", "SUYUAN_PORTAL_ORIGIN names what the portal is reached by."),
    "invalid": Type(422, "A value makes no sense", "`errors` names each."),
    "too-many-requests": Type(429, "Too many requests", "Wait as long as Retry-After says."),
    "headers-too-large": Type(431, "The headers are too large", "Send fewer cookies or shorter headers."),
    "internal": Type(500, "It failed", "The operator finds the reason under the request's id."),
    "insufficient-storage": Type(507, "There is no room for it", "Tell the operator; send it again later."),
    "unavailable": Type(503, "Not now", "The same may be asked again, after Retry-After."),
    "nothing-processed": Type(503, "Nothing was processed yet", "The tables are there once `suyuan run` has run."),
}
_OF_STATUS = {type_.status: name for name, type_ in reversed(list(TYPES.items()))}
RETRY_SECONDS = 2


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong. `pointer`: a JSON pointer into the body, or a parameter's name; `line`: of a file."""

    detail: str
    pointer: str | None = None
    line: int | None = None


class Problem(Exception):
    """To be raised by handlers. `name`: of `TYPES`; `detail`: for people, about this one."""

    def __init__(
        self,
        name: str,
        detail: str | None = None,
        *,
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or TYPES[name].title)
        self.name = name
        self.type = TYPES[name]
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    @property
    def status(self) -> int:
        """HTTP status."""
        return self.type.status

    def body(self, request_id: str) -> dict[str, Any]:
        """As RFC 9457 wants it."""
        said: dict[str, Any] = {"type": PREFIX + self.name, "title": self.type.title, "status": self.status}
        if self.detail is not None:
            said["detail"] = self.detail
        if self.errors:
            said["errors"] = [msgspec.to_builtins(each) for each in self.errors]
        return said | {"advice": self.type.advice, "request": request_id}


def unavailable(detail: str) -> Problem:
    """What may be asked again."""
    return Problem("unavailable", detail, headers={"Retry-After": str(RETRY_SECONDS)})


def problem_of(error: BaseException) -> Problem:
    """Of an error of the house, or of anything else; what only the operator can mend has no detail."""
    match error:
        case Problem():
            return error
        case OutsideScope():
            return Problem("outside-scope", str(error))
        case NothingProcessed():
            return Problem("nothing-processed", headers={"Retry-After": str(RETRY_SECONDS)})
        case SuyuanError(kind=ErrorKind.USAGE):
            return Problem("bad-request", str(error))
        case SuyuanError(kind=ErrorKind.UNAVAILABLE):
            return unavailable(str(error))
        case RequestValidationError():
            return Problem("invalid", errors=[_fault(each) for each in error.errors()])
        case HTTPException():
            name = _OF_STATUS.get(error.status_code, "bad-request" if error.status_code < 500 else "internal")
            return Problem(name, headers=error.headers)
    return Problem("internal")


def _fault(error: Mapping[str, Any]) -> Fault:
    """Without the value that was sent: it may be a secret."""
    place, *path = error["loc"]
    pointer = "/" + "/".join(map(str, path)) if place == "body" else ".".join(map(str, path))
    return Fault(str(error["msg"]), pointer)


def answer_of(request_id: str, problem: Problem) -> Response:
    """As JSON."""
    content = msgspec.json.encode(problem.body(request_id))
    return Response(content, problem.status, problem.headers, MEDIA_TYPE)


def handle_problems(app: FastAPI) -> None:
    """Have every error of a handler answered as a problem; as a page where `app.state.problem_page` is set, which the
    pages do, and HTML is wanted.
    """

    async def handle(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        if problem.status >= 500 and problem.name == "internal":
            logger.error("request %s failed", request.state.id, exc_info=error)
        page: PageOf | None = getattr(request.app.state, "problem_page", None)
        if page is not None and wants_html(request):
            return await page(request, problem)
        return answer_of(request.state.id, problem)

    for kind in (Problem, SuyuanError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, handle)


def wants_html(request: Request) -> bool:
    """Whether a browser asks for a page."""
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")
