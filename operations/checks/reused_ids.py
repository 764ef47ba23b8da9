"""Whether event ids stand for more than one thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from suyuan.access.scope import EVERYTHING
from suyuan.errors import SuyuanError
from suyuan.operations.checks.finding import Finding
from suyuan.queries.api import Queries


def ids(tables: Callable[[], AbstractContextManager[Queries]]) -> Iterator[Finding]:
    """Of all that was taken in."""
    try:
        with tables() as ask:
            counts = ask.reused_ids(EVERYTHING)
    except SuyuanError as error:
        yield Finding("event ids", "warning", f"not looked for: {error}")
        return
    found = [f"{count:,} of {kind}" for kind, count in counts.items() if count]
    if found:
        yield Finding(
            "event ids",
            "warning",
            f"{', '.join(found)} stand for more than one thing (reused_id): each was taken in as a version",
        )
    else:
        yield Finding("event ids", "ok", "each stands for one thing")
