"""Where pages about things are."""

from __future__ import annotations

from urllib.parse import quote, urlencode


def alert_address(alert: str) -> str:
    """Of an alert."""
    return f"/alerts/{quote(alert, safe='')}"


def chain_address(platform: str, listing: str, part: str = "") -> str:
    """Of a listing's chain, or a part of it: history, dossier."""
    return f"/chains/{quote(platform, safe='')}/{quote(listing, safe='')}" + (f"/{part}" if part else "")


def trace_address(node: str, **more: str) -> str:
    """Of a trace from a node."""
    return f"/traces?{urlencode({'subject': node, **more})}"


def timeline_address(node: str) -> str:
    """Of what is known of a node, by time."""
    return f"/timeline?{urlencode({'subject': node})}"


def evidence_address(evidence: str) -> str:
    """Of an event, as the API tells it."""
    return f"/api/v1/evidence?{urlencode({'ids': evidence})}"


def impact_address(producer: str, recall: str, **more: str) -> str:
    """Of what a recall touches."""
    moments = f"?{urlencode(more)}" if more else ""
    return f"/impact/{quote(producer, safe='')}/{quote(recall, safe='')}{moments}"


def search_address(text: str) -> str:
    """Of a search."""
    return f"/search?q={quote(text, safe='')}"


def order_address(order: str, part: str = "") -> str:
    """Of an order of a spot check, or a part of it: sheet, notices/seller."""
    return f"/orders/{quote(order, safe='')}" + (f"/{part}" if part else "")
