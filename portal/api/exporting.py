"""Whole lists, as files: read at once and kept, so that who is slow to take one holds no reader."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from fastapi import Query, Response
from starlette.background import BackgroundTask
from starlette.responses import StreamingResponse

from suyuan.portal.context import Context
from suyuan.portal.read_log import log_read
from suyuan.queries.questions import Export, Whole
from suyuan.queries.spool import Spool
from suyuan.runtime.spreadsheet import csv_lines

W = TypeVar("W")
T = TypeVar("T")
Row = Mapping[str, Any]
Form = Annotated[Literal["csv", "ndjson"], Query(alias="format", description="of the file")]


async def exported(
    who: Context,
    export: Export[W, T],
    wanted: W,
    form: str,
    name: str,
    columns: Sequence[str],
    lines: Callable[[Iterable[Row]], Iterable[Row]] = iter,
) -> Response:
    """The list as a file of that name, within the scope of whoever asks. `lines`: of rows, the lines of the file, of
    which `columns` are written. Raises SuyuanError.
    """
    spool = Spool()
    try:
        await who.ask(lambda queries, scope: queries.spool(export, scope, Whole(wanted), spool))
        log_read(who, f"{name}.{form}")
    except BaseException:
        spool.__exit__(None, None, None)
        raise
    rows = lines(_rows(spool))
    if form == "csv":
        written, type_ = csv_lines(columns, rows), "text/csv; charset=utf-8"
    else:
        written, type_ = _ndjson(columns, rows), "application/x-ndjson"
    return StreamingResponse(
        written,
        media_type=type_,
        headers={"Content-Disposition": f'attachment; filename="{name}.{form}"'},
        background=BackgroundTask(spool.__exit__, None, None, None),
    )


def _rows(spool: Spool) -> Iterator[Row]:
    for line in spool.lines():
        yield from msgspec.json.decode(line)


def _ndjson(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        yield msgspec.json.encode({name: row[name] for name in columns}).decode() + "\n"
