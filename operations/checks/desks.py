"""Whether alerts lie where nobody looks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from suyuan.access.scope import EVERYTHING
from suyuan.domain.divisions import NATION
from suyuan.errors import SuyuanError
from suyuan.operations.checks.finding import Finding
from suyuan.queries.api import Queries


def alerts(tables: Callable[[], AbstractContextManager[Queries]]) -> Iterator[Finding]:
    """Standing ones at the national bureau because no division is known."""
    try:
        with tables() as ask:
            counts = ask.undirected_alerts(EVERYTHING)
    except SuyuanError as error:
        yield Finding("desks", "warning", f"not looked for: {error}")
        return
    found = [f"{count:,} {severity}" for severity, count in counts.items()]
    if found:
        yield Finding(
            "desks",
            "warning",
            f"standing alerts of which neither the seller's nor the producer's division is known: {', '.join(found)}; "
            f"they are with the national bureau: suyuan alerts --bureau {NATION}",
        )
    else:
        yield Finding("desks", "ok", "every standing alert is with the bureau of a division that is known")
