"""Follow the changes of alerts as they come into the tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from suyuan.cli.reading import Ask


def changes(ask: Ask, **wanted: str | None) -> Iterator[dict[str, Any] | None]:
    """Every change from now on, once; None each time when there is nothing more for now."""
    (end,) = ask("end_of_alert_changes")
    after = end["after"]
    while True:
        page = [dict(row) for row in ask("alert_changes", after=after, **wanted)]
        for change in page:
            after = [change["loaded_at"], change["alert_id"], change["sequence"]]
            yield change
        if not page:
            yield None
