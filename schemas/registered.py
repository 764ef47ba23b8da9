"""Ids that a schema registry gave to schemas that we know: they are read as the built-in ids are.

Ids are registered by topic, since a registry counts from 1 as we do: 3 may be a lot there, and is a licence here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from fastavro.schema import SchemaParseException, UnknownType, to_parsing_canonical_form

from suyuan.schemas.kinds import SCHEMA_IDS, event_schema, schema_by_id

_ids: dict[str, dict[int, int]] = {}


def built_in_ids(kind: str, registered: Iterable[tuple[int, str]]) -> dict[int, int]:
    """Id in the registry → built-in id, of those (id, schema as JSON) that are written exactly as a schema of the kind
    that we know, whatever their docs say.
    """
    ours = {_form(schema_by_id(number).avro): number for number, (name, _) in SCHEMA_IDS.items() if name == kind}
    found = {}
    for number, text in registered:
        try:
            form = _form(json.loads(text))
        except (ValueError, KeyError, TypeError, RecursionError, SchemaParseException, UnknownType):
            continue  # not Avro, or not whole: none of ours
        if form in ours:
            found[number] = ours[form]
    return found


def accept(kind: str, ids: Mapping[int, int]) -> None:
    """Have this process read messages of the kind with these ids (registered → built-in) from now on; they go before
    the built-in ones.
    """
    _ids[kind] = dict(ids)


def built_in_id(kind: str, number: int) -> int:
    """The built-in id for an id in a message of the kind."""
    return _ids.get(kind, {}).get(number, number)


def ids_of_current(kind: str) -> tuple[int, ...]:
    """Every id by which messages of the kind name its current schema."""
    current = event_schema(kind).schema_id
    return tuple(number for number in {current, *_ids.get(kind, ())} if built_in_id(kind, number) == current)


def _form(avro: Any) -> str:
    return str(to_parsing_canonical_form(avro))
