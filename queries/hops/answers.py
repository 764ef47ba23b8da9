"""What a hop is answered with: a plain graph."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Direction = Literal["back", "forward"]


class GraphNode(msgspec.Struct, frozen=True):
    """`depth`: hops from the node asked for. `more`: how many nodes its next hop would find, of which some may be here
    already; 0: it is a leaf, or they are all here; None: nobody has counted (parties), or it is `outside` of the scope.
    `detail`: by its kind, nothing of one outside.
    """

    id: str
    kind: str
    key: list[str]
    depth: int
    name: str | None
    status: str | None
    division: str | None
    outside: bool
    detail: dict[str, Any]
    evidence: list[str]
    more: int | None


class GraphEdge(msgspec.Struct, frozen=True):
    """From where goods come to where they go: ids of nodes. `quantity`: None where there is none, or the scope does not
    show it.
    """

    kind: str
    source: str
    target: str
    quantity: int | None
    evidence: list[str]


class Graph(msgspec.Struct, frozen=True):
    """`subject`: the id of the node asked for. `cut`: there are more edges than were asked for. `cycles`: of lots, by
    the edges that are here.
    """

    subject: str
    direction: Direction
    as_of: int | None
    happened_by: int | None
    nodes: list[GraphNode]
    edges: list[GraphEdge]
    cycles: list[list[str]]
    cut: bool
