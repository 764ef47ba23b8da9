"""Search from any identifier or name, within the scope of whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Query, Response

from suyuan.access.scope import Scope
from suyuan.domain.identifiers.readings import LONGEST
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.portal.context import Context
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.paging import wanted_form
from suyuan.portal.read_log import log_read
from suyuan.queries.answers import plain
from suyuan.queries.api import Queries
from suyuan.queries.found import Found
from suyuan.runtime.spreadsheet import csv_lines

router = GuardedRouter(prefix="/api/v1", tags=["search"])

MOST_TEXTS = 50
"""that one request looks for"""
COLUMNS = (
    *("text", "matched", "read_as", "fault", "reason", "subject", "subject_name"),
    *("listings", "contradicted", "lots", "records", "alerts", "alerts_raised", "near"),
)
"""of CSV"""
Texts = Annotated[list[str] | None, Query(alias="q", description="a text, or several lines; may be repeated")]


Form = Annotated[Literal["csv", "ndjson"] | None, Query(alias="format", description="of a file, instead of `Accept`")]


@router.get("/search", action="search")
async def search(who: Who, q: Texts = None, form: Form = None) -> Response:
    """What each text may be, who uses it, and of each group how many there are and the first five: entities and
    products, listings with the worst verdicts first, lots, records, alerts.

    Identifiers come first, in whatever form they are typed; names where no identifier is that. `near`: identifiers that
    begin so, or that a text which fails its checks may have been meant to be. CSV has a line for each text.
    """
    found = await found_for(who, lines_of(q or ()))
    wanted = f"text/{form}" if form == "csv" else f"application/x-{form}" if form else wanted_form(who.request)
    if wanted == "text/csv":
        content = "".join(csv_lines(COLUMNS, map(summary, found)))
        return Response(content, headers=_named(form), media_type="text/csv; charset=utf-8")
    if wanted == "application/x-ndjson":
        lines = b"".join(msgspec.json.encode(plain(each)) + b"\n" for each in found)
        return Response(lines, headers=_named(form), media_type=wanted)
    content_json = msgspec.json.encode({"rows": [plain(each) for each in found]})
    return Response(content_json, headers={"Vary": "Accept"}, media_type=wanted)


def _named(form: str | None) -> dict[str, str]:
    named = {"Content-Disposition": f'attachment; filename="suyuan-search.{form}"'} if form else {}
    return {"Vary": "Accept"} | named


def lines_of(texts: Iterable[str]) -> list[str]:
    """The lines of some texts, each once, without empty ones. Raises SuyuanError for too many, or one too long."""
    lines = dict.fromkeys(line.strip() for text in texts for line in text.splitlines())
    found = [line for line in lines if line]
    if len(found) > MOST_TEXTS:
        raise SuyuanError(f"{len(found)} texts are looked for, at most {MOST_TEXTS} can be", ErrorKind.USAGE)
    if any(len(line) > LONGEST for line in found):
        raise SuyuanError(f"a text is longer than {LONGEST} characters", ErrorKind.USAGE)
    return found


async def found_for(who: Context, texts: Sequence[str]) -> list[Found]:
    """What is found for each text; one question after the other, so that nobody takes all readers."""
    found = [await who.ask(partial(_find, text)) for text in texts]
    if texts:
        log_read(who, f"search {', '.join(texts)}")
    return found


def _find(text: str, queries: Queries, scope: Scope) -> Found:
    return queries.find(scope, text)


def summary(found: Found) -> dict[str, Any]:
    """A line of a table about a text, by COLUMNS."""
    reading = found.readings[0] if found.readings else None
    first = next((hit for group in found.subjects for hit in group.first), None)
    return {
        "text": found.text,
        "matched": found.matched,
        "read_as": None if reading is None else reading.read_as,
        "fault": None if reading is None else reading.fault,
        "reason": None if reading is None else reading.reason or None,
        "subject": None if first is None else " ".join(first.key.values()),
        "subject_name": None if first is None else first.facts.get("name"),
        "listings": found.listings.count,
        "contradicted": found.listings.verdicts.get("contradicted", 0),
        "lots": found.lots.count,
        "records": sum(group.count for group in found.records),
        "alerts": found.alerts.count,
        "alerts_raised": found.alerts.raised,
        "near": " ".join(near.identifier for near in found.near),
    }
