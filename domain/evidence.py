"""Evidence ids: the names by which chains, gaps and alerts cite an event, and intake knows one that comes again.

An id is `<publisher>/<event_id>` with `%`, `/` and `~` percent-encoded in either part: no two events share one, and an
id of other characters stands as it is (`~` separates nothing yet).
"""

from __future__ import annotations

from urllib.parse import unquote

import polars as pl

_ENCODED = {"%": "%25", "/": "%2F", "~": "%7E"}
_CODES = str.maketrans(_ENCODED)
_PARTS = ("publisher", "event_id")


def evidence_id(publisher: str, event_id: str) -> str:
    """The evidence id of an event."""
    return f"{publisher.translate(_CODES)}/{event_id.translate(_CODES)}"


def evidence_expr() -> pl.Expr:
    """As `evidence_id`, of columns `publisher` and `event_id`."""
    return pl.concat_str((_encoded(name) for name in _PARTS), separator="/")


def evidence_sql() -> str:
    """As `evidence_id`, in ClickHouse, of columns `publisher` and `event_id`."""
    publisher, event_id = _PARTS
    for character, code in _ENCODED.items():  # the percent sign first
        publisher, event_id = (f"replaceAll({part}, '{character}', '{code}')" for part in (publisher, event_id))
    return f"concat({publisher}, '/', {event_id})"


def evidence_parts(evidence: str) -> tuple[str, str] | None:
    """(publisher, event_id) of an evidence id, None for a text that is none. Ids that were written before the event_id
    was encoded are understood too.
    """
    publisher, slash, event_id = evidence.partition("/")
    return (unquote(publisher), unquote(event_id)) if slash else None


def _encoded(name: str) -> pl.Expr:
    return pl.col(name).str.replace_many(list(_ENCODED), list(_ENCODED.values()))
