"""The graph of a few hops as a tree: each node where it is met first, with what leads to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from suyuan.cli.drawing.branches import Branch
from suyuan.cli.drawing.words import VERDICT_STYLES, clean, joined

Row = Mapping[str, Any]

_STYLES = {"recalled": "bold red", "failed": "bold red", "unknown": "dark_orange", "revoked": "bold red"}


def draw_graph(graph: Row) -> RenderableType:
    """`graph`: as the queries give it."""
    nodes = {node["id"]: node for node in graph["nodes"]}
    here, there = ("target", "source") if graph["direction"] == "back" else ("source", "target")
    edges: dict[str, list[Row]] = {}
    for edge in graph["edges"]:
        # what somebody was sent is next to them whichever way is asked
        ends = ("target", "source") if edge["target"] == graph["subject"] else (here, there)
        edges.setdefault(edge[ends[0]], []).append({**edge, "next": edge[ends[1]]})
    root = Branch(_node(nodes[graph["subject"]]))
    drawn, stack = {graph["subject"]}, [(root, graph["subject"])]
    while stack:
        branch, at = stack.pop()
        for edge in edges.get(at, ()):
            other = edge["next"]
            text = Text(f"{clean(edge['kind'])} ", style="italic").append_text(_node(nodes[other]))
            if edge["quantity"] is not None:
                text.append(f"  {edge['quantity']:,} units")
            if edge["evidence"]:
                text.append(f"  [{joined(edge['evidence'], 1)}]", style="dim")
            if other in drawn:
                branch.add(text.append("  (see above)", style="dim italic"))
            else:
                drawn.add(other)
                stack.append((branch.add(text), other))
    said: list[RenderableType] = [root]
    said += [
        Text(f"circle of inputs, not followed: {' → '.join(map(clean, [*circle, circle[0]]))}", style="dark_orange")
        for circle in graph["cycles"]
    ]
    if graph["cut"]:
        said.append(Text(f"the first {len(graph['edges'])} of more: --limit N shows N", style="dim"))
    return Group(*said)


def _node(node: Row) -> Text:
    line = Text(clean(node["id"]), style="bold")
    for value in (node["name"], node["division"]):
        line.append(f"  {clean(value)}" if value else "", style="not bold")
    status = clean(node["detail"].get("verdict") or node["status"])
    line.append(f"  {status}" if status else "", style=_STYLES.get(status, VERDICT_STYLES.get(status, "not bold")))
    if node["outside"]:
        line.append("  outside of what you may see", style="dim not bold")
    if "held" in node["detail"]:
        line.append(f"  holds {node['detail']['held']:,} of {node['detail']['received']:,}", style="not bold")
    if node["more"]:
        line.append(f"  +{node['more']:,}", style="cyan not bold")
    return line
