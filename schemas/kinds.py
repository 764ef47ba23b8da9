"""The kinds of input events: their schemas, ids and business keys, all from avro/events/<kind>.avsc (`declarations`).

A schema that has been published never changes: it is kept in avro/events/history/, and a new version is the changed
avro/events/<kind>.avsc with one more of its `ids`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl

from suyuan.domain.keys import SEPARATOR
from suyuan.schemas.declarations import declarations
from suyuan.schemas.fields import Avro, Field, record_fields

EVENTS = Path(__file__).with_name("avro") / "events"

DECLARATIONS = declarations(EVENTS)
"""by kind: what each file says; listing first"""
KINDS = tuple(DECLARATIONS)
"""every kind; listing first"""
BUSINESS_KEYS = {kind: each.key for kind, each in DECLARATIONS.items()}
"""of each kind; an absent field is the empty text in a key. Numbers are unique only within their issuer"""
EVENT_KINDS = {kind: each.rules for kind, each in DECLARATIONS.items()}
"""of each kind, what the rules of the domain know of it"""
PERSONAL = frozenset(kind for kind, each in DECLARATIONS.items() if each.personal)
"""kinds of events of which no error quotes a value"""
PUBLISHER_FIRST = frozenset(kind for kind, each in DECLARATIONS.items() if each.owner is not None)
"""kinds whose business key begins with whose event it is: the platform, the producer, who sends, the laboratory, whose
goods come back, the authority by its division
"""
AUDITED = frozenset(kind for kind, each in DECLARATIONS.items() if each.audited)
"""kinds whose accepted events are entries of the audit's tree"""
SCHEMA_IDS = {
    number: (kind, version)
    for number, kind, version in sorted(
        (number, kind, version)
        for kind, each in DECLARATIONS.items()
        for version, number in enumerate(each.ids, start=1)
    )
}
"""id on the wire → kind and version"""


@dataclass(frozen=True)
class EventSchema:
    """One version of a kind's schema. `avro`: the parsed .avsc, the current one with what is ours in it."""

    kind: str
    version: int
    schema_id: int
    avro: Avro
    fields: tuple[Field, ...]
    business_key: tuple[str, ...]


@cache
def event_schema(kind: str) -> EventSchema:
    """The current schema of a kind. Raises KeyError for no such kind."""
    versions = {version: number for number, (name, version) in SCHEMA_IDS.items() if name == kind}
    if not versions:
        raise KeyError(kind)
    return schema_by_id(versions[max(versions)])


@cache
def business_key_expr(kind: str) -> pl.Expr:
    """Expression for the business key of rows in normal form: the kind's key columns joined by U+001F, null as empty
    text. Who publishes chooses the partition by it, and intake finds the versions of a record by it.
    """
    parts = [pl.col(name).cast(pl.String).fill_null("") for name in event_schema(kind).business_key]
    return pl.concat_str(parts, separator=SEPARATOR)


@cache
def schema_by_id(schema_id: int) -> EventSchema:
    """The schema, of whatever version, that an id on the wire stands for. Raises KeyError."""
    kind, version = SCHEMA_IDS[schema_id]
    declared = DECLARATIONS[kind]
    if schema_id == declared.ids[-1]:
        return EventSchema(kind, version, schema_id, declared.avro, declared.fields, declared.key)
    avro = json.loads((EVENTS / "history" / f"{kind}.v{version}.avsc").read_bytes())
    return EventSchema(kind, version, schema_id, avro, record_fields(avro), declared.key)
