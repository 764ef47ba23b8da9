"""Somebody whom a page is for, without an app."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

from starlette.requests import Request

from suyuan.access.scope import EVERYTHING
from suyuan.portal.pages.navigation import pages_of
from suyuan.portal.routers import ROUTERS

PAGES = pages_of(route for router in ROUTERS for route in router.routes)


@dataclass
class SomeReader:
    language: str = "zh"
    role: str | None = "platform"
    scope: object = EVERYTHING
    csrf: str = "c5rf"
    name: str = "王"
    url: str = "/somewhere"
    principal: object = field(init=False)
    request: object = field(init=False)

    def __post_init__(self):
        path, _, query = self.url.partition("?")
        self.principal = SimpleNamespace(role=self.role, name=self.name, scope=self.scope) if self.role else None
        app = SimpleNamespace(state=SimpleNamespace(pages=PAGES))
        wire = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": []}
        self.request = Request(wire | {"server": ("127.0.0.1", 80), "scheme": "http", "app": app})

    @property
    def is_somebody(self):
        return self.role is not None
