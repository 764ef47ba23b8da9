"""Whether records match nothing that is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from suyuan.access.scope import EVERYTHING
from suyuan.errors import SuyuanError
from suyuan.operations.checks.finding import Finding
from suyuan.queries.api import Queries, UnmatchedFilter

_CALLED = {"recall": "open recalls", "inspection": "failed inspections", "shipment": "shipments", "lot": "lots"}


def records(tables: Callable[[], AbstractContextManager[Queries]], taken_in_before: int) -> Iterator[Finding]:
    """Those of which what they name has had time to come."""
    try:
        with tables() as ask:
            counts = ask.unmatched_counts(EVERYTHING, UnmatchedFilter(taken_in_before=taken_in_before))
    except SuyuanError as error:
        yield Finding("unmatched", "warning", f"not looked for: {error}")
        return
    found = [f"{count:,} {_CALLED[kind]}" for kind, count in counts.items() if count]
    if found:
        yield Finding("unmatched", "warning", f"{', '.join(found)} name nothing known: suyuan unmatched lists them")
    else:
        yield Finding("unmatched", "ok", "every open recall, failed inspection, shipment and lot names what is known")
