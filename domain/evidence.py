"""Evidence ids: the names by which chains, gaps and alerts cite an event.

An id is `<kind>/<publisher>/<event_id>~<first 8 hex digits of the content's SHA-256>`. In publisher and event_id `%`,
`/`, `~` and blanks (U+0020, U+00A0, U+3000) are percent-encoded, all else stands as it is: no two events share an
id, no blank breaks it, and Chinese can be read. Without `~` and what follows it means every version.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

import polars as pl

VERSION_CHARACTERS = 8
"""of a content's digest"""
_ENCODED = {"%": "%25", "/": "%2F", "~": "%7E", " ": "%20", "\u00a0": "%C2%A0", "\u3000": "%E3%80%80"}
_CODES = str.maketrans(_ENCODED)
_TO_ENCODE = re.compile(f"[{''.join(_ENCODED)}]")


class Evidence(NamedTuple):
    """What an evidence id names. `kind` None: any (ids of former versions had none); `version` empty: every one."""

    kind: str | None
    publisher: str
    event_id: str
    version: str


def evidence_id(kind: str, publisher: str, event_id: str, digest: str = "") -> str:
    """The evidence id of an event; of all its versions where no digest is given."""
    version = f"~{digest[:VERSION_CHARACTERS]}" if digest else ""
    return f"{kind}/{_encoded_text(publisher)}/{_encoded_text(event_id)}{version}"


def evidence_expr(kind: str) -> pl.Expr:
    """Expression for the evidence id, of columns `publisher`, `event_id` and `digest`; for every version where the
    digest is null.
    """
    version = pl.format("~{}", pl.col("digest").str.head(VERSION_CHARACTERS)).fill_null("")
    return pl.format("{}/{}/{}{}", pl.lit(kind), _encoded("publisher"), _encoded("event_id"), version)


def evidence_sql(kind: str) -> str:
    """The evidence id as an SQL expression for ClickHouse, of columns `publisher`, `event_id` and `digest`."""
    publisher, event_id = "publisher", "event_id"
    for character, code in _ENCODED.items():  # the percent sign first
        publisher, event_id = (f"replaceAll({part}, '{character}', '{code}')" for part in (publisher, event_id))
    return f"concat('{kind}/', {publisher}, '/', {event_id}, '~', substring(digest, 1, {VERSION_CHARACTERS}))"


def evidence_parts(evidence: str) -> Evidence | None:
    """The parts of an evidence id; None for a text that is none."""
    name, _, version = evidence.partition("~")
    match name.split("/"):
        case [publisher, event_id]:
            return Evidence(None, unquote(publisher), unquote(event_id), version)
        case [kind, publisher, event_id]:
            return Evidence(kind, unquote(publisher), unquote(event_id), version)
    return None


def _encoded_text(text: str) -> str:
    # few have any such character, and to look for one takes a tenth of the time
    return text.translate(_CODES) if _TO_ENCODE.search(text) else text


def _encoded(name: str) -> pl.Expr:
    return pl.col(name).str.replace_many(list(_ENCODED), list(_ENCODED.values()))
