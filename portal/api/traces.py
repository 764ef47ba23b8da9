"""Traces, hop by hop: a plain graph, in which what is outside of the scope is a stub."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import Query, Response

from suyuan.portal.context import Context
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.moments import HappenedBy, KnownAt, ms_of
from suyuan.portal.problems import Problem
from suyuan.portal.read_log import log_read
from suyuan.queries.api import FromNode
from suyuan.queries.hops import Direction, Graph, NodeKey

router = GuardedRouter(prefix="/api/v1", tags=["traces"])

USUAL_EDGES, MOST_EDGES, DEEPEST = 200, 2_000, 5

Subject = Annotated[
    str, Query(max_length=600, description="a node: lot:PRODUCER/GTIN/LOT, listing:PLATFORM/LISTING, …")
]
Depth = Annotated[int, Query(ge=1, le=DEEPEST, description="hops from the subject")]
Edges = Annotated[int, Query(ge=1, le=MOST_EDGES, description="at most so many")]


@router.get("/traces/back", action="trace.read")
async def back(
    who: Who,
    subject: Subject,
    known_at: KnownAt = None,
    happened_by: HappenedBy = None,
    depth: Depth = 1,
    limit: Edges = USUAL_EDGES,
) -> Response:
    """What a node comes from: nodes, edges with quantities, cycles; `more` of a node says how many are next to it."""
    return _answer(await graph_of(who, "back", subject, known_at, happened_by, depth, limit))


@router.get("/traces/forward", action="trace.read")
async def forward(
    who: Who,
    subject: Subject,
    known_at: KnownAt = None,
    happened_by: HappenedBy = None,
    depth: Depth = 1,
    limit: Edges = USUAL_EDGES,
) -> Response:
    """What became of a node: who has it, what was made of it, who sells it; as /traces/back."""
    return _answer(await graph_of(who, "forward", subject, known_at, happened_by, depth, limit))


async def graph_of(
    who: Context,
    direction: Direction,
    subject: str,
    known_at: str | None = None,
    happened_by: str | None = None,
    depth: int = 1,
    limit: int = USUAL_EDGES,
) -> Graph:
    """Raises Problem: not-found where nothing of the subject is known, or within the scope."""
    wanted = FromNode(str(NodeKey.parse(subject)), direction, depth, limit)
    moments = (ms_of(known_at, "known_at"), ms_of(happened_by, "happened_by"))
    graph = await who.ask(lambda queries, scope: queries.hop(scope, wanted, *moments))
    if graph is None:
        raise Problem("not-found")
    log_read(who, f"{direction} {wanted.node}")
    return graph


def _answer(graph: Graph) -> Response:
    return Response(msgspec.json.encode(graph), media_type="application/json")
