"""Routes that say what they are: each names an action of `access.policy.ACTIONS`, or the app does not start.

Who asks is looked at before a byte of the body is read.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar, cast

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from suyuan.access.policy import ACTIONS, Action
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.portal.body_limit import bounded
from suyuan.portal.entry.guard import admit

Handler = TypeVar("Handler", bound=Callable[..., Any])

BODY_BYTES = 1 << 20
"""of a request, unless its route says otherwise"""
ACTION, BODY = "x-suyuan-action", "x-suyuan-max-body-bytes"
SECURITY: list[dict[str, list[str]]] = [{"key": []}, {"session": []}]


class UnknownAction(SuyuanError):
    """A route without an action, or with one that the table does not have."""

    kind = ErrorKind.CONFIGURATION


class GuardedRoute(APIRoute):
    """A route that lets nobody in whom its action does not allow."""

    @property
    def action_name(self) -> str:
        """Of the table."""
        return str((self.openapi_extra or {}).get(ACTION, ""))

    @property
    def action(self) -> Action:
        """Raises UnknownAction."""
        found = ACTIONS.get(self.action_name)
        if found is None:
            raise UnknownAction(f"{self.path}: {self.action_name or 'no action'!r} is not in the table of actions")
        return found

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind the guard."""
        name, action, handle = self.action_name, self.action, super().get_route_handler()
        most = int((self.openapi_extra or {})[BODY])

        async def guarded(request: Request) -> Response:
            within = bounded(request, most)
            within.state.who = await admit(within, name, action)
            return await handle(within)

        return guarded


class GuardedRouter(APIRouter):
    """Makes GuardedRoutes: `@router.get("/chains", action="chain.list")`. Routes of a router without a prefix are
    pages, which the API's description leaves out. `max_body_size=`: bytes of a body, default BODY_BYTES.
    """

    def __init__(self, prefix: str = "", **given: Any) -> None:
        super().__init__(prefix=prefix, route_class=GuardedRoute, include_in_schema=bool(prefix), **given)

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **given: Any) -> None:
        """As APIRouter's. Raises UnknownAction."""
        given["openapi_extra"] = {**(given.get("openapi_extra") or {}), BODY: given.pop("max_body_size", BODY_BYTES)}
        given.setdefault("response_model", None)
        super().add_api_route(path, endpoint, **given)

    def get(self, path: str, *, action: str, **given: Any) -> Callable[[Handler], Handler]:  # type: ignore[override]
        """GET, and HEAD by the server."""
        return self._route("GET", path, action, given)

    def post(self, path: str, *, action: str, **given: Any) -> Callable[[Handler], Handler]:  # type: ignore[override]
        """POST."""
        return self._route("POST", path, action, given)

    def put(self, path: str, *, action: str, **given: Any) -> Callable[[Handler], Handler]:  # type: ignore[override]
        """PUT."""
        return self._route("PUT", path, action, given)

    def patch(self, path: str, *, action: str, **given: Any) -> Callable[[Handler], Handler]:  # type: ignore[override]
        """PATCH."""
        return self._route("PATCH", path, action, given)

    def delete(self, path: str, *, action: str, **given: Any) -> Callable[[Handler], Handler]:  # type: ignore[override]
        """DELETE."""
        return self._route("DELETE", path, action, given)

    def _route(self, method: str, path: str, action: str, given: dict[str, Any]) -> Callable[[Handler], Handler]:
        if action not in ACTIONS:
            raise UnknownAction(f"{method} {self.prefix}{path}: {action!r} is not in the table of actions")
        extra = {**cast("Mapping[str, Any]", given.pop("openapi_extra", None) or {}), ACTION: action}
        roles = ACTIONS[action].roles
        extra["security"] = [] if roles is None else SECURITY
        extra["x-suyuan-roles"] = None if roles is None else sorted(roles)

        def add(handler: Handler) -> Handler:
            self.add_api_route(path, handler, methods=[method], openapi_extra=extra, **given)
            return handler

        return add
