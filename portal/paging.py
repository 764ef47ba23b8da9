"""Lists by pages: the rows are JSON, CSV or NDJSON, as `Accept` says, with the same filters."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from fastapi import Query, Request, Response

from suyuan.portal.context import Context
from suyuan.portal.problems import Problem
from suyuan.queries.answers import plain
from suyuan.queries.paging import Page, Paged
from suyuan.runtime.spreadsheet import cell

USUAL, MOST = 50, 200

Limit = Annotated[int, Query(ge=1, le=MOST, description="rows of a page")]
After = Annotated[
    str | None, Query(max_length=2_000, description="`next` of the page before: the rows behind it", alias="cursor")
]


def page_of(who: Context, limit: int, after: str | None) -> Page:
    """The page that a request asks for. Raises Problem."""
    place = None if not after else who.portal.cursors.read(who.request.url.path, after)
    return Page(limit, place)


def next_cursor(who: Context, page: Paged[Any]) -> str | None:
    """Where the next page begins; None: there are no more rows."""
    if not page.more or page.after is None:
        return None
    return who.portal.cursors.sign(who.request.url.path, page.after)


def listed(who: Context, page: Paged[Any], columns: Sequence[str], **besides: Any) -> Response:
    """A page's rows in the form that is wanted: `{"rows": [...], "next": "..."}`, or the rows alone. `columns`: of
    CSV, in their order; `besides`: what JSON says with the rows. Raises Problem: not-acceptable.
    """
    form = wanted_form(who.request)
    after = next_cursor(who, page)
    rows = [plain(row) if isinstance(row, msgspec.Struct) else dict(row) for row in page.rows]
    headers = {"Vary": "Accept"}
    if after is not None:
        headers["Link"] = f'<{who.request.url.include_query_params(cursor=after)}>; rel="next"'
    match form:
        case "text/csv":
            return Response(_csv(columns, rows), headers=headers, media_type="text/csv; charset=utf-8")
        case "application/x-ndjson":
            lines = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
            return Response(lines, headers=headers, media_type=form)
    return Response(msgspec.json.encode({**besides, "rows": rows, "next": after}), headers=headers, media_type=form)


FORMS = ("application/json", "text/csv", "application/x-ndjson")


def wanted_form(request: Request) -> str:
    """Of FORMS the one that `Accept` wants most. Raises Problem: not-acceptable."""
    wanted = request.headers.get("accept", "*/*")
    found: list[tuple[float, str]] = []
    for each in wanted.split(","):
        name, _, rest = each.strip().partition(";")
        name = name.strip().lower()
        form = next((form for form in FORMS if name in {form, "*/*", form.split("/")[0] + "/*"}), None)
        if form is not None:
            found.append((-_weight(rest), form))
    if not found:
        raise Problem("not-acceptable")
    return min(found, key=lambda each: each[0])[1]


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0


def _csv(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    written = io.StringIO()
    lines = csv.writer(written)
    lines.writerow(columns)
    lines.writerows([cell(row.get(column)) for column in columns] for row in rows)
    return written.getvalue()
