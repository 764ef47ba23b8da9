"""Follow the changes of alerts as they come into the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.api import Ask, NothingProcessed


def changes(ask: Ask, away: Callable[[str], None], **wanted: str | None) -> Iterator[dict[str, Any] | None]:
    """Every change from now on, once; None each time when there is nothing more for now.

    Where the tables are not there yet, or whoever answers for them is away for a while, it goes on waiting, and `away`
    is told why. Raises SuyuanError where nobody could be asked to begin with.
    """
    after = _begin(ask, away)
    while True:
        page: list[dict[str, Any]] = []
        try:
            if not ask.quiet():
                page = [dict(row) for row in ask("alert_changes", after=after, **wanted)]
        except NothingProcessed:
            pass
        except SuyuanError as error:
            if error.kind != ErrorKind.UNAVAILABLE:
                raise
            away(str(error))
        for change in page:
            after = [change["loaded_at"], change["alert_id"], change["sequence"]]
            yield change
        if not page:
            yield None


def _begin(ask: Ask, away: Callable[[str], None]) -> list[Any]:
    try:
        (end,) = ask("end_of_alert_changes")
    except NothingProcessed as nothing:
        away(str(nothing))
        return [0, "", 0]
    return list(end["after"])
