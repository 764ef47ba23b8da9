"""The Avro subset of the contracts, read once into fields that codecs, frames and validation are generated
from.

Primitives string, long, boolean, bytes; date and timestamp-millis; enums; unions of null and one of them;
arrays of strings or records. An extra property `values` of a string or long lists what is allowed (Avro enums
cannot hold symbols that begin with a digit). MARKS are extra properties of a field, which Avro lets be: they say what a
field is beyond its type, and no canonical form, fingerprint or compatibility takes note of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import polars as pl

from suyuan.domain.event_kind import FORMS, Form

Avro = dict[str, Any]
"""a schema, type or field of an .avsc as JSON gives it"""

MARKS: dict[str, type] = {
    "form": str,
    "must_match": bool,
    "may_be_nothing": bool,
    "past": bool,
    "not_negative": bool,
    "digits": int,
    "indexed": bool,
    "scrubbed": bool,
}
"""of a field, beside what Avro knows of it: name → type. What they mean: `Field`"""

_LOGICAL = {("int", "date"): "date", ("long", "timestamp-millis"): "timestamp-millis"}
_PRIMITIVES = ("string", "long", "boolean", "bytes")
_DTYPES: dict[str, pl.DataType] = {
    "string": pl.String(),
    "enum": pl.String(),
    "long": pl.Int64(),
    "timestamp-millis": pl.Int64(),
    "date": pl.Date(),
    "boolean": pl.Boolean(),
    "bytes": pl.Binary(),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `type`: string, long, boolean, bytes, date, timestamp-millis, enum, array or record.

    `values`: what is allowed, empty for anything (symbols of an enum, in their order). `items`: of an array.
    `fields`: of a record. `optional`: the union of null and the type. `form`: what a text is, of an array what its
    items are. `must_match`: refused where it cannot be what it is to be (a code, a GTIN). `may_be_nothing`: taken where
    nothing is left of it. `past`: a day that cannot be later than the event. `not_negative`: refused below 0.
    `digits`: refused unless it is of so many digits; 0: of any. `indexed`: asked for by it in the tables.
    `scrubbed`: numbers that lead to a person are taken out before it is
    published.
    """

    name: str
    type: str
    optional: bool = False
    values: tuple[str | int, ...] = ()
    items: Field | None = None
    fields: tuple[Field, ...] = ()
    doc: str = ""
    form: Form | None = None
    must_match: bool = False
    may_be_nothing: bool = False
    past: bool = False
    not_negative: bool = False
    digits: int = 0
    indexed: bool = False
    scrubbed: bool = False

    @property
    def dtype(self) -> pl.DataType:
        """The dtype of the field's column in a frame: times are Int64, ms since the epoch, UTC."""
        if self.items is not None:
            return pl.List(self.items.dtype)
        if self.type == "record":
            return pl.Struct({field.name: field.dtype for field in self.fields})
        return _DTYPES[self.type]


def record_fields(schema: Avro) -> tuple[Field, ...]:
    """The fields of a record schema, in order. Raises ValueError where it leaves the subset."""
    if schema.get("type") != "record":
        raise ValueError(f"not a record schema: {schema.get('name')}")
    return tuple(
        replace(_field(field["name"], field["type"], field.get("doc", "")), **_marks(field))
        for field in schema["fields"]
    )


def _marks(field: Avro) -> dict[str, Any]:
    marks = {name: field[name] for name in MARKS if name in field}
    for name, value in marks.items():
        if type(value) is not MARKS[name]:
            raise ValueError(f"{field['name']}: {name} is {value!r}, not a {MARKS[name].__name__}")
    if (form := marks.get("form")) is not None and form not in FORMS:
        raise ValueError(f"{field['name']}: form {form!r} is not one of {', '.join(FORMS)}")
    return marks


def _field(name: str, avro: Any, doc: str = "") -> Field:
    if isinstance(avro, list):
        if len(avro) != 2 or avro[0] != "null":
            raise ValueError(f"{name}: only unions of null and one type")
        inner = _field(name, avro[1], doc)
        return Field(name, inner.type, True, inner.values, inner.items, inner.fields, doc)  # noqa: FBT003
    full = {"type": avro} if isinstance(avro, str) else cast("Avro", avro)
    kind = full["type"]
    if "logicalType" in full:
        kind = _LOGICAL.get((kind, full["logicalType"]), "")
    values = tuple(full.get("symbols") or full.get("values") or ())
    if kind == "array":
        return Field(name, kind, items=_field(name, full["items"]), doc=doc)
    if kind == "record":
        return Field(name, kind, fields=record_fields(full), doc=doc)
    if kind != "enum" and kind not in _PRIMITIVES and kind not in _LOGICAL.values():
        raise ValueError(f"{name}: type {avro!r} is not in the subset that every reader takes")
    return Field(name, kind, values=values, doc=doc)


def mapped(avro: Any, leaf: Any) -> Any:
    """The same type with `leaf(type)` in place of every type that holds no other; docs and defaults are dropped."""
    if isinstance(avro, list):
        return [mapped(branch, leaf) for branch in avro]
    if isinstance(avro, dict) and avro["type"] == "array":
        return {"type": "array", "items": mapped(avro["items"], leaf)}
    if isinstance(avro, dict) and avro["type"] == "record":
        fields = [{"name": f["name"], "type": mapped(f["type"], leaf)} for f in avro["fields"]]
        named = {name: avro[name] for name in ("name", "namespace") if name in avro}
        return {"type": "record", **named, "fields": fields}
    return leaf(avro)
