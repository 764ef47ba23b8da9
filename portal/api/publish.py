"""Events come in, and what became of each can be asked for."""

from __future__ import annotations

import logging
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Query, Request, Response

from suyuan.domain.evidence import evidence_parts
from suyuan.portal.api.assessing import LONGEST_SECONDS, await_assessed
from suyuan.portal.api.assessing import MOST_EVENTS as MOST_AWAITED
from suyuan.portal.context import Context
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.problems import Problem
from suyuan.portal.publishing.batch import Batch, publish_batch
from suyuan.portal.publishing.rights import right_of, usual_kind
from suyuan.publishing.files.body import MOST_BYTES, MOST_EVENTS
from suyuan.publishing.files.encoding import Encoding, named
from suyuan.publishing.files.records import Options
from suyuan.queries.answers import plain
from suyuan.schemas.kinds import KINDS

logger = logging.getLogger(__name__)

router = GuardedRouter(prefix="/api/v1", tags=["publishing"])

_PATH = "/events/{kind}/{publisher}/{event_id:path}"
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
            "application/x-ndjson": {"schema": {"type": "string"}},
            "text/csv": {"schema": {"type": "string"}},
        },
    }
}


@router.post("/events", action="publish", max_body_size=MOST_BYTES, openapi_extra=_BODY)
async def publish(
    who: Who,
    kind: Annotated[str | None, Query(max_length=40, description="of records that do not name theirs")] = None,
    encoding: Annotated[str | None, Query(max_length=40, description="default: as the bytes say")] = None,
    wait: Annotated[
        Literal["assessed"] | None, Query(description=f"until chains rest on it; of at most {MOST_AWAITED:,} events")
    ] = None,
    seconds: Annotated[float, Query(ge=0, le=LONGEST_SECONDS, description="to wait at most")] = LONGEST_SECONDS,
) -> Response:
    """Publish at most 10,000 events: a JSON array, an object a line, or CSV with a header; also packed with gzip.

    Each has its verdict: `accepted` (durable in the log; `ref` is its evidence id), `duplicate` (of one that is), or
    `rejected`, with field and reason. The same may be sent again after any failure: nothing is taken twice.
    """
    _refuse_form(who.request)
    options = Options(known_kind(kind) or usual_kind(who.principal), encoding=known_encoding(encoding))
    right, most = right_of(who.principal), MOST_AWAITED if wait else MOST_EVENTS
    body = await who.request.body()
    batch = await who.ports.publish(
        lambda outlet: publish_batch(
            outlet, body, right, options, most, door=who.portal.door, with_keys=wait is not None
        )
    )
    name = str(who.request.state.id)
    log_foreign(who, batch.foreign)
    answer = batch.answer(name)
    if wait is not None:
        answer = await _with_chains(who, batch, answer, seconds)
    return Response(msgspec.json.encode(answer), media_type="application/json")


async def _with_chains(who: Context, batch: Batch, answer: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The answer with what the chains of its listings say."""
    found = await await_assessed(who, batch.verdicts, seconds)
    results: list[dict[str, Any]] = msgspec.to_builtins(batch.verdicts)
    for result in results:
        if (chain := found.get(result.get("ref", ""))) is not None:
            result["chain"] = {"verdict": chain.verdict, "gaps": chain.gap_names, "rests_on": chain.listing_event}
    return {**answer, "assessed": len(found), "results": results}


@router.get(_PATH, action="event.read")
async def event(who: Who, kind: str, publisher: str, event_id: str) -> Response:
    """What became of an event by its evidence id, of all versions where none is named: taken in, or refused and why."""
    del kind, publisher, event_id  # as they stand in the path, before a slash in one of them is decoded
    name = _raw_path(who.request).partition("/events/")[2]
    parts = evidence_parts(name)
    if parts is None or parts.kind not in KINDS:
        raise Problem("not-found")
    found = await who.ask(lambda queries, scope: queries.outcomes(scope, name))
    if not found:
        raise Problem("not-found")
    return Response(msgspec.json.encode({"rows": [plain(row) for row in found]}), media_type="application/json")


def known_kind(kind: str | None) -> str | None:
    """Raises Problem."""
    if kind is not None and kind not in KINDS:
        raise Problem("bad-request", f"kind: not one of {', '.join(KINDS)}")
    return kind


def known_encoding(encoding: str | None) -> Encoding | None:
    """Raises Problem."""
    try:
        return named(encoding) if encoding is not None else None
    except LookupError:
        raise Problem("bad-request", "encoding: not known; try utf-8 or gb18030") from None


def log_foreign(who: Context, foreign: int) -> None:
    """Whoever publishes what is somebody else's is known to the operator."""
    if foreign:
        logger.warning("foreign events: %d of principal=%s request=%s", foreign, who.principal.id, who.request.state.id)


def _refuse_form(request: Request) -> None:
    """Of a file. What calls itself urlencoded is read: curl says so of all that is not told otherwise."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        raise Problem("unsupported-media-type", "send the events themselves, or a file to /api/v1/uploads")
    if request.headers.get("content-encoding", "identity").lower() not in {"identity", "gzip"}:
        raise Problem("unsupported-media-type", "Content-Encoding: gzip or none")


def _raw_path(request: Request) -> str:
    raw: bytes | None = request.scope.get("raw_path")
    return raw.decode("ascii", "replace").partition("?")[0] if raw else request.url.path
