"""What the .avsc of a kind of events says beside Avro's own: ids, business key, where it goes, what its fields are.

| of the schema | says                                                                                    |
|---------------|-----------------------------------------------------------------------------------------|
| `ids`         | ids on the wire of its versions 1, 2, …                                                 |
| `key`         | the business key; an absent field is the empty text in it                               |
| `owner`       | the field that says whose event it is, where the key begins with one                    |
| `plural`      | of files named by it, where an s is not enough                                          |
| `personal`    | true: it may name a person, so no reason, letter or report quotes a value               |
| `routes`      | stages that keep it: `topic`, `by` (what chooses the partition; `*`: all); none: nobody |
| `moves_with`  | fields that, when they change, have the version before taken back from where it went    |
| `looked_up`   | true: stages may ask for it by its business key                                         |
| `of_system`   | true: the running system alone publishes it                                             |
| `audited`     | true: every accepted event is an entry of the audit's tree, which cannot be rewritten   |

Of fields: `fields.MARKS`. Avro lets all of them be, and no registry, fingerprint or compatibility takes note of them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from suyuan.domain.event_kind import EventKind
from suyuan.schemas.fields import MARKS, Avro, Field, record_fields

PROPERTIES: dict[str, type] = {
    "ids": list,
    "key": list,
    "owner": str,
    "plural": str,
    "personal": bool,
    "routes": list,
    "moves_with": list,
    "looked_up": bool,
    "of_system": bool,
    "audited": bool,
}
"""of the schema: name → type"""
_AVRO = {"type", "name", "namespace", "doc", "fields"}
_AVRO_OF_FIELDS = {"name", "type", "doc", "default", "aliases"}
EVERY_PARTITION = "*"
LISTING_KEY = "listing_key"
DERIVED = {LISTING_KEY: ("platform_code", "listing_id")}
"""what a route may go by beside fields, and the fields that it is made of: the listing that a complaint names"""
_ENVELOPE = ("event_id", "publisher", "occurred_at")


class DeclaredRoute(NamedTuple):
    """A topic of a stage that keeps the kind, and what chooses the partition there."""

    topic: str
    by: str


@dataclass(frozen=True)
class Declaration:
    """What one .avsc file says; see the table above. `avro`: all of it, `fields`: Avro's fields with their marks."""

    kind: str
    avro: Avro
    fields: tuple[Field, ...]
    ids: tuple[int, ...]
    key: tuple[str, ...]
    owner: str | None
    plural: str
    personal: bool
    routes: tuple[DeclaredRoute, ...]
    moves_with: tuple[str, ...]
    looked_up: bool
    of_system: bool
    audited: bool

    @property
    def rules(self) -> EventKind:
        """What the rules of the domain have to know of the kind. Fields of the key come first, the others in the file's
        order.
        """
        in_key = {field.name: field for field in self.fields if field.name in self.key}
        fields = [in_key[name] for name in self.key]
        fields += [field for field in self.fields if field.name not in self.key]
        # of several that match nothing, the producer's code is told
        judged = sorted((f for f in self.fields if f.must_match), key=lambda field: field.name != "producer_code")
        return EventKind(
            self.kind,
            forms={field.name: field.form for field in fields if field.form and field.type == "string"},
            lists={field.name: field.form for field in fields if field.form and field.type == "array"},
            optional=frozenset(field.name for field in fields if field.optional),
            may_be_nothing=frozenset(field.name for field in fields if field.may_be_nothing),
            must_match=tuple(field.name for field in judged),
            past=tuple(field.name for field in self.fields if field.past),
            counted=tuple(field.name for field in self.fields if field.not_negative),
            digits={field.name: field.digits for field in self.fields if field.digits},
            scrubbed=tuple(field.name for field in self.fields if field.scrubbed),
            personal=self.personal,
            of_system=self.of_system,
        )


def declarations(folder: Path) -> dict[str, Declaration]:
    """The declarations of every .avsc in a folder, by kind, in the order of their first ids. Raises ValueError, naming
    file, place and reason, for what is no declaration.
    """
    found = sorted((declaration(path) for path in folder.glob("*.avsc")), key=lambda each: each.ids[0])
    ids = [number for each in found for number in each.ids]
    if twice := sorted({number for number in ids if ids.count(number) > 1}):
        named = ", ".join(f"{each.kind}.avsc" for each in found if twice[0] in each.ids)
        raise ValueError(f"{folder}: id {twice[0]} is given twice, in {named}: take one above {max(ids)}")
    return {each.kind: each for each in found}


def declaration(path: Path) -> Declaration:
    """The declaration of one file. Raises ValueError as `declarations` does."""
    try:
        avro = json.loads(path.read_bytes())
        _refuse_unknown(avro)
        fields = record_fields(avro)
        _refuse_senseless(path.stem, avro, {field.name: field for field in fields})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise ValueError(f"{path}: {reason}") from error
    return Declaration(
        kind=avro["name"],
        avro=avro,
        fields=fields,
        ids=tuple(avro["ids"]),
        key=tuple(avro["key"]),
        owner=avro.get("owner"),
        plural=avro.get("plural", f"{avro['name']}s"),
        personal=avro.get("personal", False),
        routes=tuple(DeclaredRoute(**route) for route in avro.get("routes", ())),
        moves_with=tuple(avro.get("moves_with", ())),
        looked_up=avro.get("looked_up", False),
        of_system=avro.get("of_system", False),
        audited=avro.get("audited", False),
    )


def published(avro: Avro) -> Avro:
    """The schema alone, without our own properties: as each version is kept in history/."""
    fields = [{name: part for name, part in field.items() if name not in MARKS} for field in avro["fields"]]
    return {name: part for name, part in avro.items() if name not in PROPERTIES} | {"fields": fields}


def _refuse_unknown(avro: Avro) -> None:
    """Raise ValueError for an unknown property: it is probably a misspelt one."""
    for name, value in avro.items():
        if name not in PROPERTIES.keys() | _AVRO:
            raise ValueError(f"{name}: not one of {', '.join(PROPERTIES)}")
        if name in PROPERTIES and type(value) is not PROPERTIES[name]:
            raise ValueError(f"{name} is {value!r}, not a {PROPERTIES[name].__name__}")
    for field in avro["fields"]:
        if unknown := field.keys() - MARKS.keys() - _AVRO_OF_FIELDS:
            raise ValueError(f"field {field['name']}: {min(unknown)}: not one of {', '.join(MARKS)}")


def _refuse_senseless(kind: str, avro: Avro, fields: dict[str, Field]) -> None:
    if avro["name"] != kind:
        raise ValueError(f"name is {avro['name']!r}: a kind is called as its file is")
    if not avro["ids"] or any(type(number) is not int or number < 1 for number in avro["ids"]):
        raise ValueError(f"ids is {avro['ids']!r}: write a whole number above 0 for each version")
    if tuple(fields)[:3] != _ENVELOPE:
        raise ValueError(f"fields: begin with {', '.join(_ENVELOPE)}")
    named: list[tuple[str, Any]] = [("key", name) for name in avro["key"]]
    named += [("moves_with", name) for name in avro.get("moves_with", ())]
    for where, name in named:
        if name not in fields:
            raise ValueError(f"{where}: there is no field {name!r}")
    derived = {name for name, made_of in DERIVED.items() if fields.keys() >= {*made_of}}
    for route in avro.get("routes", ()):
        if route.keys() != {"topic", "by"} or route["by"] not in {*fields, EVERY_PARTITION, *derived}:
            raise ValueError(
                f"routes: {route!r}: write topic, and by: a field, or {EVERY_PARTITION} for every partition"
            )
    if not avro["key"]:
        raise ValueError("key is empty: name what tells one record of the kind from another")
    if avro.get("owner", avro["key"][0]) != avro["key"][0]:
        raise ValueError(f"owner is {avro['owner']!r}: only the first field of the key can be it, {avro['key'][0]!r}")
    for field in fields.values():
        held = field.items.type if field.items is not None else field.type
        if field.form is not None and held != "string":
            raise ValueError(f"field {field.name}: form is of texts and of lists of them alone")
        if field.must_match and (field.form not in {"code", "gtin"} or field.type != "string"):
            raise ValueError(f"field {field.name}: must_match is of codes and GTINs alone")
        if field.past and field.type != "date":
            raise ValueError(f"field {field.name}: past is of dates alone")
        if field.digits and (field.form != "number" or field.type != "string" or field.digits < 0):
            raise ValueError(f"field {field.name}: digits is of numbers alone, and says how many: 1 or more")
        if field.scrubbed and (field.type != "string" or field.form not in {"text", "free"}):
            raise ValueError(f"field {field.name}: scrubbed is of texts of the forms text and free alone")
        if field.not_negative and field.type != "long":
            raise ValueError(f"field {field.name}: not_negative is of whole numbers alone")
