"""Follow the changes of alerts as they come into the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from suyuan.access.scope import Scope
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.answers import AlertChange
from suyuan.queries.api import AlertFilter, NothingProcessed, Queries
from suyuan.queries.paging import Cursor, Page

_AT_ONCE = 1_000


def changes(
    queries: Queries, scope: Scope, wanted: AlertFilter, away: Callable[[str], None]
) -> Iterator[AlertChange | None]:
    """Every change from now on, once; None each time when there is nothing more for now.

    Where the tables are not there yet, or whoever answers for them is away for a while, it goes on waiting, and `away`
    is told why. Raises SuyuanError where nobody could be asked to begin with.
    """
    after = _begin(queries, scope, away)
    while True:
        found: list[AlertChange] = []
        try:
            if not queries.quiet():
                page = queries.alert_changes(scope, wanted, Page(_AT_ONCE, after))
                found, after = page.rows, page.after
        except NothingProcessed:
            pass
        except SuyuanError as error:
            if error.kind != ErrorKind.UNAVAILABLE:
                raise
            away(str(error))
        yield from found
        if not found:
            yield None


def _begin(queries: Queries, scope: Scope, away: Callable[[str], None]) -> Cursor | None:
    try:
        return queries.end_of_alert_changes(scope)
    except NothingProcessed as nothing:
        away(str(nothing))
        return None
