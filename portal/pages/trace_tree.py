"""A trace as trees: what a node comes from, and what became of it. The graph beside it is made of the same nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from suyuan.queries.hops import Direction, Graph, GraphEdge, GraphNode


@dataclass(slots=True)
class Branch:
    """A node as it stands in a tree. `edge`: that leads to it; `is_again`: it stands elsewhere with what is behind it;
    `opens`: whether its next hop can be asked for; `is_open`: whether it was.
    """

    node: GraphNode
    edge: GraphEdge | None
    level: int
    is_again: bool = False
    opens: bool = False
    is_open: bool = False
    children: list[Branch] = field(default_factory=list)


@dataclass(slots=True)
class Merged:
    """Several hops as one graph."""

    nodes: dict[str, GraphNode] = field(default_factory=dict)
    edges: dict[tuple[str, str, str], GraphEdge] = field(default_factory=dict)
    cycles: list[list[str]] = field(default_factory=list)
    cut: bool = False


def merged(graphs: Iterable[Graph]) -> Merged:
    """What is in any of them; of a node what is told where it was asked after."""
    whole = Merged()
    for graph in graphs:
        for node in graph.nodes:
            if node.id not in whole.nodes or node.id == graph.subject:
                whole.nodes[node.id] = node
        whole.edges |= {(edge.kind, edge.source, edge.target): edge for edge in graph.edges}
        whole.cycles += [circle for circle in graph.cycles if circle not in whole.cycles]
        whole.cut |= graph.cut
    return whole


def tree_of(subject: str, direction: Direction, graphs: Sequence[Graph]) -> Branch:
    """The hops that were asked for in one direction, as a tree from the subject; `graphs`: that of it first."""
    by_subject: Mapping[str, Graph] = {graph.subject: graph for graph in graphs}
    whole = merged(graphs)
    drawn: set[str] = set()

    def branch(node: GraphNode, edge: GraphEdge | None, level: int) -> Branch:
        made = Branch(node, edge, level, is_again=node.id in drawn)
        if made.is_again:
            return made
        drawn.add(node.id)
        graph = by_subject.get(node.id)
        made.is_open = graph is not None
        made.opens = not made.is_open and bool(node.more) and level > 1
        made.children = [
            branch(whole.nodes[_other(each, node.id)], each, level + 1) for each in _from(node.id, direction, whole)
        ]
        return made

    return branch(whole.nodes[subject], None, 1)


def _from(node: str, direction: Direction, whole: Merged) -> list[GraphEdge]:
    here = "target" if direction == "back" else "source"
    sent = [edge for edge in whole.edges.values() if edge.kind == "received" and edge.target == node]
    return [edge for edge in whole.edges.values() if getattr(edge, here) == node and edge not in sent] + sent


def _other(edge: GraphEdge, node: str) -> str:
    return edge.source if edge.target == node else edge.target
