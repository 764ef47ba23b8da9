"""The graph that a few hops from a node make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from suyuan.access.scope import OutsideScope, Scope
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.hops.answers import Direction, Graph, GraphEdge, GraphNode
from suyuan.queries.hops.described import Described, Descriptions
from suyuan.queries.hops.edges import Edge, edges
from suyuan.queries.hops.nodes import NodeKey
from suyuan.queries.hops.onward import onward
from suyuan.queries.hops.seen import Seen
from suyuan.queries.rows import Tables
from suyuan.queries.tracing.lineage import Link, cycles

MOST_EDGES = 2_000
MOST_HOPS = 10


def hop(
    tables: Tables,
    scope: Scope,
    subject: NodeKey,
    direction: Direction,
    *,
    hops: int = 1,
    limit: int = MOST_EDGES,
    as_of: int | None = None,
    happened_by: int | None = None,
) -> Graph | None:
    """What is up to `hops` hops from a node; at most `limit` edges, by at most three queries a hop. None for a node of
    which nothing is known that the scope shows. Raises OutsideScope for a scope of nothing.
    """
    if not scope.parts:
        raise OutsideScope.of(scope, "traces")
    if not 1 <= hops <= MOST_HOPS or not 1 <= limit <= MOST_EDGES:
        raise SuyuanError(f"a trace goes 1 to {MOST_HOPS} hops over 1 to {MOST_EDGES:,} edges", ErrorKind.USAGE)
    seen = Seen(tables, scope, as_of, happened_by)
    depth, told, found, cut = (
        {subject: 0},
        dict[NodeKey, Described](),
        dict[tuple[str, NodeKey, NodeKey], Edge](),
        False,
    )
    expanded, level = set[NodeKey](), [subject]
    for step in range(1, hops + 1):
        some, cut = edges(seen, level, direction, limit - len(found))
        expanded |= set(level)
        found |= {(edge.kind, edge.source, edge.target): edge for edge in (*some, *_rootless(some))}
        new = {end for edge in found.values() for end in (edge.source, edge.target)} - depth.keys()
        depth |= dict.fromkeys(new, step)
        described = Descriptions(seen, new | ({subject} if step == 1 else set()))
        told |= {node: described.of(node) for node in new}
        if step == 1:
            told[subject] = _as_its_lots(described.of(subject), subject, (told[node] for node in new))
            if told[subject].outside or not _is_known(told[subject], some, subject):
                return None
        level = sorted(node for node in new if _goes_on(node, direction) and not told[node].outside)
        if not level or cut or len(found) >= limit:
            break
    return Graph(
        str(subject),
        direction,
        as_of,
        happened_by,
        _nodes(seen, direction, depth, told, expanded),
        [
            GraphEdge(edge.kind, str(edge.source), str(edge.target), edge.quantity, list(edge.evidence))
            for edge in found.values()
        ],
        _cycles(found.values()),
        cut,
    )


def _as_its_lots(told: Described, subject: NodeKey, others: Iterable[Described]) -> Described:
    """A product of which there is no record is within the scope where a lot or listing of it is."""
    if subject.kind != "product" or told.is_known or all(other.outside for other in others):
        return told
    return replace(told, outside=False)


def _is_known(told: Described, some: Sequence[Edge], subject: NodeKey) -> bool:
    """Whether anything is recorded of a node. That a lot has a maker, or that some sell its product without naming a
    lot, says nothing of it.
    """
    of_lot = {"made", "possible"} if subject.kind == "lot" else set[str]()
    return told.is_known or any(edge.kind not in of_lot for edge in some)


def _goes_on(node: NodeKey, direction: Direction) -> bool:
    """Whether a trace goes on from a node by itself: parties are asked after by name."""
    return node.kind in ({"lot", "product"} if direction == "forward" else {"lot"})


def _rootless(some: Sequence[Edge]) -> list[Edge]:
    """Holdings that nothing leads to, since nobody is known to have sent to them: they hang on their lot."""
    reached = {edge.target for edge in some}
    senders = {edge.source for edge in some if edge.kind == "shipped"} - reached
    return [Edge("holds", NodeKey.of_lot(sender.lot), sender) for sender in sorted(senders)]


def _nodes(
    seen: Seen,
    direction: Direction,
    depth: dict[NodeKey, int],
    told: dict[NodeKey, Described],
    expanded: set[NodeKey],
) -> list[GraphNode]:
    open_ends = {
        node for node in depth if node not in expanded and _goes_on(node, direction) and not told[node].outside
    }
    ahead = onward(seen, open_ends) if direction == "forward" else {node: told[node].inputs for node in open_ends}
    nodes = []
    for node, at in sorted(depth.items(), key=lambda item: (item[1], item[0])):
        one = told[node]
        leaf = node.kind in {"listing", "holding"} or node in expanded
        more = None if one.outside else ahead.get(node, 0 if leaf else None)
        nodes.append(
            GraphNode(
                str(node),
                node.kind,
                list(node.parts),
                at,
                one.name,
                one.status,
                one.division,
                one.outside,
                one.detail,
                list(one.evidence),
                more,
            )
        )
    return nodes


def _cycles(found: Iterable[Edge]) -> list[list[str]]:
    links = [
        Link(edge.source.lot, edge.target.lot, edge.quantity or 0, "")
        for edge in found
        if edge.kind == "input" and edge.source.kind == edge.target.kind == "lot"
    ]
    return [[str(NodeKey.of_lot(lot)) for lot in circle] for circle in cycles(links)]
