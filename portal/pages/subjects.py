"""What an alert is about, as pages name it and where they lead to it."""

from __future__ import annotations

from suyuan.errors import SuyuanError
from suyuan.portal.pages.addresses import chain_address, trace_address
from suyuan.queries.hops import NodeKey


def subject_name(subject: str) -> str:
    """Of a node, what people call it by: the number of a listing, GTIN and lot, a code. `live.js` says the same."""
    try:
        parts = NodeKey.parse(subject).parts
    except SuyuanError:
        return subject
    return " / ".join(parts[1:] or parts)


def subject_address(subject: str) -> str:
    """Of the chain of a listing, else of a trace."""
    try:
        node = NodeKey.parse(subject)
    except SuyuanError:
        return trace_address(subject)
    return chain_address(*node.parts) if node.kind == "listing" else trace_address(subject)
