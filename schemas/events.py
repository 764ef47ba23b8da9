"""One event between a mapping and its framed Avro message.

Dates are `datetime.date`, `occurred_at` is int ms since the epoch (UTC), absent optional fields are None,
enums are text. Reading goes by the writer's schema, field by field where something is wrong, and then to the
kind's current one (Avro schema resolution: added with default, renamed by alias).
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from functools import cache
from typing import Any

import fastavro

from suyuan.schemas.fields import Field, mapped
from suyuan.schemas.framing import UnreadableEvent, frame, unframe
from suyuan.schemas.kinds import PERSONAL, EventSchema, event_schema, schema_by_id
from suyuan.schemas.limits import DAY_RANGE, EPOCH_DAY, MAX_DAY, MIN_DAY, broken_limit, one_of
from suyuan.schemas.registered import built_in_id

_READ_ERRORS = (EOFError, ValueError, IndexError, OverflowError, MemoryError)
_WRITE_ERRORS = (ValueError, TypeError, KeyError, AttributeError, OverflowError)


def encode_event(kind: str, event: Mapping[str, Any]) -> bytes:
    """The message of an event; an optional field may be left out. Raises KeyError for an unknown kind,
    ValueError for an event that its schema does not allow.
    """
    schema = event_schema(kind)
    return frame(schema.schema_id, encode_body(schema, event))


def encode_body(schema: EventSchema, event: Mapping[str, Any]) -> bytes:
    """The Avro body alone, without the frame."""
    out = io.BytesIO()
    try:
        fastavro.schemaless_writer(out, _parsed(schema.schema_id), event)
    except _WRITE_ERRORS as error:
        why = type(error).__name__ if schema.kind in PERSONAL else error
        raise ValueError(f"not a {schema.kind} event: {why}") from error
    return out.getvalue()


def decode_event(value: bytes, kind: str | None = None) -> tuple[str, dict[str, Any]]:
    """(kind, event) of a message of any known schema version. `kind`: of the topic that it comes from; without it, ids
    that a registry gave are not known. Raises UnreadableEvent.
    """
    schema_id, body = unframe(value)
    try:
        schema = schema_by_id(schema_id if kind is None else built_in_id(kind, schema_id))
    except KeyError:
        raise UnreadableEvent(f"unknown schema id {schema_id}") from None
    event = _decode_body(schema, body)
    current = event_schema(schema.kind)
    if schema is not current:
        event = _resolve(schema, current, event)
    broken = broken_limit(current.fields, event)
    if broken is not None:
        raise UnreadableEvent(broken[1], broken[0])
    return schema.kind, event


def _decode_body(schema: EventSchema, body: bytes) -> dict[str, Any]:
    stream = io.BytesIO(body)
    event = {}
    for field, avro in zip(schema.fields, _wire_fields(schema.schema_id), strict=True):
        try:
            raw = fastavro.schemaless_reader(stream, avro, None)
        except UnicodeDecodeError:
            raise UnreadableEvent("not valid UTF-8", field.name) from None
        except _READ_ERRORS as error:
            if stream.tell() == len(body):
                raise UnreadableEvent("the event ends within this field", field.name) from None
            raise UnreadableEvent(f"not readable as {field.type} ({error})", field.name) from None
        event[field.name] = _value(field, raw)
    left = len(body) - stream.tell()
    if left:
        raise UnreadableEvent(f"{left} bytes left over after the last field")
    return event


def _value(field: Field, raw: Any) -> Any:
    """The value of a field from what is on the wire: enums are indices there, dates days."""
    if raw is None:
        return None
    if field.type == "enum":
        if not 0 <= raw < len(field.values):
            raise UnreadableEvent(f"enum index {raw} is {one_of(field.values)}", field.name)
        return field.values[raw]
    if field.type == "date":
        if not MIN_DAY <= raw <= MAX_DAY:
            raise UnreadableEvent(DAY_RANGE, field.name)
        return dt.date.fromordinal(raw + EPOCH_DAY)
    if field.items is not None:
        return [_value(field.items, item) for item in raw]
    if field.type == "record":
        return {inner.name: _value(inner, raw[inner.name]) for inner in field.fields}
    return raw


def _resolve(writer: EventSchema, reader: EventSchema, event: dict[str, Any]) -> dict[str, Any]:
    try:
        stream = io.BytesIO(encode_body(writer, event))
        plain = fastavro.schemaless_reader(stream, _plain(writer.schema_id), _plain(reader.schema_id))
    except (*_READ_ERRORS, fastavro.read.SchemaResolutionError) as error:
        raise UnreadableEvent(f"version {writer.version} does not resolve to {reader.version}: {error}") from None
    return {field.name: _without_enums(field, plain[field.name]) for field in reader.fields}


def _without_enums(field: Field, value: Any) -> Any:
    """The value of a field from what schema resolution returns, where symbols are text already."""
    if value is None or field.type == "enum":
        return value
    if field.items is not None:
        return [_without_enums(field.items, item) for item in value]
    return _value(field, value)


@cache
def _parsed(schema_id: int) -> Any:
    return _parse(schema_by_id(schema_id).avro)


@cache
def _wire_fields(schema_id: int) -> list[Any]:
    """Each field's type with enums as their indices and logical types as their numbers: the same bytes, but a bad index
    or day comes back as a number that can be judged.
    """
    return [_parse(mapped(field["type"], _wire)) for field in schema_by_id(schema_id).avro["fields"]]


def _wire(avro: Any) -> Any:
    name = avro if isinstance(avro, str) else avro["type"]
    return "int" if name == "enum" else name


@cache
def _plain(schema_id: int) -> Any:
    """The schema without logical types; it keeps defaults and aliases."""
    return _parse(_without_logical_types(schema_by_id(schema_id).avro))


def _without_logical_types(avro: Any) -> Any:
    if isinstance(avro, list):
        return [_without_logical_types(branch) for branch in avro]
    if isinstance(avro, dict):
        return {name: _without_logical_types(part) for name, part in avro.items() if name != "logicalType"}
    return avro


def _parse(avro: Any) -> Any:
    return fastavro.parse_schema(avro)
