"""Somebody whom a page is for, without an app."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

from suyuan.access.scope import EVERYTHING


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
        state = SimpleNamespace(page_paths=None)
        self.request = SimpleNamespace(url=SimpleNamespace(path=path, query=query), app=SimpleNamespace(state=state))
