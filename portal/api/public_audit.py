"""Signed checkpoints of the audit, for whoever keeps them: a witness needs neither a key nor access to our disks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

import msgspec
from fastapi import Query, Response

from suyuan.access.scope import EVERYTHING
from suyuan.domain.audit.notes import Note
from suyuan.operations.audit.stored import prove_consistency
from suyuan.operations.audit.witness import Request
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.problems import Problem
from suyuan.queries.answers import AuditHead
from suyuan.queries.api import Queries

router = GuardedRouter()

T = TypeVar("T")

EVERYBODY = "the public"
"""who shares the questions that are asked of the tables at a time"""
TEXT = "text/plain; charset=utf-8"


@router.get("/public/checkpoint", action="audit.public")
async def checkpoint(who: Who) -> Response:
    """The newest signed checkpoint, a signed note of C2SP (tlog-checkpoint)."""
    return _text((await _ask(who, _newest)).note or "")


@router.get("/public/checkpoint/request", action="audit.public")
async def request(
    who: Who, old: Annotated[int, Query(ge=0, lt=1 << 63, description="entries of the checkpoint that the witness has")]
) -> Response:
    """The same with the proof that its tree goes on from the one of `old` entries, as a witness is asked (C2SP
    tlog-witness).
    """

    def told(queries: Queries) -> str:
        newest = _newest(queries)
        if old > newest.size:
            raise Problem("bad-request", f"the newest checkpoint has {newest.size} entries")
        proof = prove_consistency(queries, old, newest.size)
        return str(Request(old, tuple(proof), Note.parse(newest.note or "")))

    return _text(await _ask(who, told))


@router.get("/public/checkpoints", action="audit.public")
async def checkpoints(
    who: Who, least: Annotated[int, Query(alias="from", ge=0, lt=1 << 63, description="entries, at least")] = 0
) -> Response:
    """Signed checkpoints by their number of entries, a thousand at most; `next`: what to ask from for the others."""
    found = await _ask(who, lambda queries: queries.audit_checkpoints(EVERYTHING, least))
    rows = [{"size": each.size, "root": each.root, "signed_at": each.at, "note": each.note} for each in found]
    said = {"rows": rows, "next": found[-1].size + 1 if found else None}
    return Response(msgspec.json.encode(said), media_type="application/json")


def _newest(queries: Queries) -> AuditHead:
    """Raises Problem."""
    found = queries.audit_newest(EVERYTHING).signed
    if found is None:
        raise Problem("not-found", "no checkpoint was signed yet")
    return found


async def _ask(who: Who, question: Callable[[Queries], T]) -> T:
    async with who.portal.rates.question(EVERYBODY):
        return await who.ports.ask(question)


def _text(said: str) -> Response:
    return Response(said, media_type=TEXT, headers={"Cache-Control": "no-cache"})
