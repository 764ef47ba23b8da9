"""Traces as pages: a hop each way at first, more as they are asked for; as trees, and as the graph beside them."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import msgspec
from fastapi import Query, Response

from suyuan.portal.api.traces import graph_of
from suyuan.portal.context import Context
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.moments import HappenedBy, KnownAt
from suyuan.portal.pages.addresses import (
    chain_address,
    evidence_address,
    impact_address,
    timeline_address,
    trace_address,
)
from suyuan.portal.pages.rendering import render
from suyuan.portal.pages.trace_tree import Merged, merged, tree_of
from suyuan.portal.problems import Problem
from suyuan.queries.api import AboutNode
from suyuan.queries.hops import Direction, Graph, NodeKey
from suyuan.runtime.spreadsheet import csv_lines

router = GuardedRouter()

MOST_OPEN = 12
_EDGES = 100
_MOMENTS = 200
_COLUMNS = ("kind", "source", "target", "quantity", "evidence")

Opened = Annotated[list[str] | None, Query(alias="open", max_length=MOST_OPEN, description="b:NODE or f:NODE")]


@router.get("/traces", action="trace.read")
async def traces(
    who: Who,
    subject: Annotated[str | None, Query(max_length=600)] = None,
    opened: Opened = None,
    known_at: KnownAt = None,
    happened_by: HappenedBy = None,
    form: Annotated[Literal["csv", "json"] | None, Query(alias="format")] = None,
) -> Response:
    """Without a subject: how to name one."""
    if not subject:
        return render(who, "trace_begin.html")
    node = str(NodeKey.parse(subject))
    asked: dict[Direction, list[str]] = {"back": [node], "forward": [node]}
    for each in opened or ():
        way, _, name = each.partition(":")
        if way in _WAYS and name:
            asked[_WAYS[way]].append(str(NodeKey.parse(name)))
    back, forward, moments = await asyncio.gather(
        _graphs(who, "back", asked["back"], known_at, happened_by),
        _graphs(who, "forward", asked["forward"], known_at, happened_by),
        _moments(who, node),
    )
    graphs: dict[Direction, list[Graph]] = {"back": back, "forward": forward}
    if not graphs["back"] and not graphs["forward"]:
        raise Problem("not-found")
    whole = merged([*graphs["back"], *graphs["forward"]])
    match form:
        case "csv":
            return Response(_csv(whole), media_type="text/csv; charset=utf-8")
        case "json":
            body = {"nodes": list(whole.nodes.values()), "edges": list(whole.edges.values()), "cycles": whole.cycles}
            return Response(msgspec.json.encode(body), media_type="application/json")
    return render(
        who,
        "trace.html",
        subject=whole.nodes[node],
        trees=[(way, tree_of(node, way, some)) for way, some in graphs.items() if some],
        whole=whole,
        graph=_drawn(whole, node),
        opened=opened or [],
        known_at=known_at,
        happened_by=happened_by,
        moments=moments,
        page_of=_page_of,
        trace_address=trace_address,
        timeline_address=timeline_address,
        evidence_address=evidence_address,
        impact_address=lambda producer, recall: impact_address(
            producer, recall, **({"known_at": known_at} if known_at else {})
        ),
        open_address=lambda way, name: _open_address(subject, opened or [], f"{way[0]}:{name}", known_at, happened_by),
    )


_WAYS: dict[str, Direction] = {"b": "back", "f": "forward"}


async def _graphs(
    who: Context, way: Direction, names: list[str], known_at: str | None, happened_by: str | None
) -> list[Graph]:
    """Those of the nodes that something is known of; nothing where the first is not."""
    names = list(dict.fromkeys(names))
    hops = (graph_of(who, way, name, known_at, happened_by, limit=_EDGES) for name in names)
    found = await asyncio.gather(*hops, return_exceptions=True)
    for each in found:
        if isinstance(each, BaseException) and not (isinstance(each, Problem) and each.name == "not-found"):
            raise each
    if isinstance(found[0], BaseException):
        return []
    return [each for each in found if isinstance(each, Graph)]


async def _moments(who: Context, node: str) -> list[int]:
    """When what is published of a node became known, the latest of it: ms, the earliest first."""
    about = AboutNode(node, _MOMENTS)
    records = await who.ask(lambda queries, scope: queries.records_about(scope, about))
    return sorted({record.fields["received_at"] for record in records})


def _open_address(subject: str, opened: list[str], another: str, known_at: str | None, happened_by: str | None) -> str:
    """Of the same page with another node opened, or closed where it is open."""
    wanted = [each for each in opened if each != another] if another in opened else [*opened, another]
    moments = {name: value for name, value in (("known_at", known_at), ("happened_by", happened_by)) if value}
    found = trace_address(subject, **moments)
    return found + "".join(f"&{_open_parameter(each)}" for each in wanted[-MOST_OPEN:])


def _open_parameter(name: str) -> str:
    return urlencode({"open": name})


def _page_of(node: Any) -> str | None:
    """Of what a node is about, where it has a page."""
    return chain_address(*node.key) if node.kind == "listing" and not node.outside else None


def _drawn(whole: Merged, subject: str) -> str:
    """What the graph is drawn of, as JSON."""
    nodes = [
        {
            "id": node.id,
            "kind": node.kind,
            "label": node.key[2] if node.kind == "lot" else (node.name or node.key[-1]),
            "status": node.detail.get("verdict") or node.status,
            "outside": node.outside,
            "more": node.more or 0,
            "subject": node.id == subject,
        }
        for node in whole.nodes.values()
    ]
    edges = [
        {"source": edge.source, "target": edge.target, "label": "" if edge.quantity is None else f"{edge.quantity:,}"}
        for edge in whole.edges.values()
    ]
    return msgspec.json.encode({"nodes": nodes, "edges": edges}).decode()


def _csv(whole: Merged) -> str:
    rows = ({name: getattr(edge, name) for name in _COLUMNS} for edge in whole.edges.values())
    return "".join(csv_lines(_COLUMNS, rows))
