"""Tracing by hops: from a node of the graph to what is next to it, backward or forward.

What lies outside the scope of whoever asks is a stub: a code, a name, a division and a status, and no way further.
"""

from suyuan.queries.hops.answers import Direction, Graph, GraphEdge, GraphNode
from suyuan.queries.hops.graph import MOST_EDGES, MOST_HOPS, hop
from suyuan.queries.hops.nodes import NODE_KINDS, NodeKey

__all__ = ["MOST_EDGES", "MOST_HOPS", "NODE_KINDS", "Direction", "Graph", "GraphEdge", "GraphNode", "NodeKey", "hop"]
