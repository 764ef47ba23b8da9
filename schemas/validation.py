"""Events as publishers write them in JSON, checked against types generated from the events' schemas.

Strict: no number for a text, no float or boolean for an integer, no text for a number. Unknown fields are
taken, but named; a bad identifier is no error here (a listing with a fake code is what regulators look for).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, NoReturn, TypedDict

import msgspec

from suyuan.errors import SuyuanError
from suyuan.schemas.fields import Field
from suyuan.schemas.framing import MAX_EVENT_BYTES
from suyuan.schemas.instants import instant, instant_in_china
from suyuan.schemas.kinds import KINDS, PERSONAL, event_schema
from suyuan.schemas.limits import one_of

MISSING_KIND = "missing: name the kind"

_BOM = b"\xef\xbb\xbf"
_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<where>[^`]*)`)?$", re.DOTALL)
_MISSING = re.compile(r"missing required field `([^`]*)`")
_PLAIN_TYPES = {"int": "integer", "str": "text", "bool": "true or false", "float": "number with a fraction"}
_INT64 = Annotated[int, msgspec.Meta(ge=-(1 << 63), le=(1 << 63) - 1)]


class InvalidEvent(SuyuanError, ValueError):
    """What was written is not an event. `field`: the one at fault, '' when it is the whole."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ParsedEvent:
    """`event`: every field of the kind, None where absent; dates as `datetime.date`, times int ms, records as dicts.

    `ignored`: fields that the kind does not have. `assumed`: times that had no offset and were taken for China time.
    """

    kind: str
    event: dict[str, Any]
    ignored: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()


def parse_event(line: bytes, *, office_times: bool = False) -> ParsedEvent:
    """The event of one JSON object with its `kind`. `office_times`: times may lack their offset, as in files of
    people; that it was taken for China time is told. Raises InvalidEvent.
    """
    if len(line) > MAX_EVENT_BYTES:
        raise InvalidEvent("", f"too large: {len(line)} bytes, at most {MAX_EVENT_BYTES}")
    ignored: tuple[str, ...] = ()
    try:
        struct = _decoder(exact=True).decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        struct, ignored = _second_look(line.removeprefix(_BOM))
    kind = struct.__struct_config__.tag
    event = msgspec.structs.asdict(struct)
    assumed: tuple[str, ...] = ()
    for name in _times(kind):
        try:
            if event[name] is None:
                continue
            if office_times:
                event[name], in_china = instant_in_china(event[name])
                assumed += (name,) if in_china else ()
            else:
                event[name] = instant(event[name])
        except ValueError as error:
            raise InvalidEvent(name, str(error)) from None
    return ParsedEvent(kind, event, ignored, assumed)


def parse_value(field: Field, text: str) -> Any:
    """One field's value from JSON text, as strictly typed as in an event. Raises msgspec.MsgspecError."""
    try:
        return _value_decoder(field).decode(text)
    except (UnicodeError, RecursionError) as error:
        raise msgspec.DecodeError(str(error)) from None


@cache
def _times(kind: str) -> tuple[str, ...]:
    """The fields of a kind that are moments."""
    return tuple(field.name for field in event_schema(kind).fields if field.type == "timestamp-millis")


def _second_look(line: bytes) -> tuple[Any, tuple[str, ...]]:
    """Parse again with unknown fields allowed, to name them; raises what is still wrong."""
    try:
        given = msgspec.json.decode(line)
        struct = _decoder(exact=False).decode(line)
    except msgspec.ValidationError as error:
        _explain(str(error), line)
    except msgspec.DecodeError as error:
        raise InvalidEvent("", f"not JSON: {error}") from None
    except UnicodeDecodeError:
        raise InvalidEvent("", "not valid UTF-8") from None
    except RecursionError:
        raise InvalidEvent("", "not JSON: nested too deeply") from None
    known = {field.name for field in event_schema(given["kind"]).fields} | {"kind"}
    return struct, tuple(name for name in given if name not in known)


def _explain(message: str, line: bytes) -> NoReturn:
    match = _PLACE.match(message)
    what, where = (match["what"], match["where"] or "") if match else (message, "")
    missing = _MISSING.search(what)
    if missing:
        name = f"{where}.{missing[1]}" if where else missing[1]
        raise InvalidEvent(name, MISSING_KIND if name == "kind" else "missing: write it")
    if where == "kind":
        raise InvalidEvent("kind", one_of(KINDS))
    field = _field_at(line, where) if where else None
    hidden = where != "" and _kind_of(line) in PERSONAL
    raise InvalidEvent(where, _reason(what.replace("`", ""), field, hidden=hidden))


_REMEDIES = (
    ("expected text", "got integer", "write it in quotes"),
    ("expected text", "got number with a fraction", "write it in quotes"),
    ("expected integer", "got text", "write it without quotes"),
    ("expected array", "got text", 'write a list, as ["H1", "H2"]'),
)


def _reason(what: str, field: Field | None, *, hidden: bool) -> str:
    if what.startswith("Invalid enum value") and field is not None:
        quoted = "" if hidden else f"{what.removeprefix('Invalid enum value ')} "
        return f"{quoted}is {one_of(field.values)}"
    if what.startswith("Invalid") and field is not None and field.type == "date":
        return "not a date YYYY-MM-DD"
    if what.startswith(("Expected int <=", "Expected int >=")):
        return "outside the range of 64-bit integers"
    for name, plain in _PLAIN_TYPES.items():
        what = re.sub(rf"\b{name}\b", plain, what)
    what = what[:1].lower() + what[1:].replace(" | ", " or ")
    remedy = next((how for wanted, got, how in _REMEDIES if what.startswith(wanted) and got in what), None)
    return f"{what}: {remedy}" if remedy else what


def _field_at(line: bytes, where: str) -> Field | None:
    """The field that a path such as `lots[...]` or `inputs[...].quantity` leads to."""
    fields = event_schema(_kind_of(line)).fields
    found: Field | None = None
    for part in where.split("."):
        found = next((field for field in fields if field.name == part.partition("[")[0]), None)
        if found is None:
            return None
        if "[" in part and found.items is not None:
            found = found.items
        fields = found.fields
    return found


def _kind_of(line: bytes) -> str:
    return msgspec.json.decode(line, type=_Kind).kind


class _Kind(msgspec.Struct):
    kind: str


@cache
def _decoder(*, exact: bool) -> msgspec.json.Decoder[Any]:
    """A decoder of all kinds, told apart by `kind`. `exact`: unknown fields are an error, which is how they are
    noticed.
    """
    union: Any = None
    for kind in KINDS:
        struct = _struct(kind, exact=exact)
        union = struct if union is None else union | struct
    return msgspec.json.Decoder(union)


@cache
def _value_decoder(field: Field) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(_json_type(field))


def _struct(kind: str, *, exact: bool) -> Any:
    fields: list[Any] = [
        (field.name, _json_type(field) | None, None) if field.optional else (field.name, _json_type(field))
        for field in event_schema(kind).fields
    ]
    return msgspec.defstruct(
        kind, fields, kw_only=True, tag=kind, tag_field="kind", forbid_unknown_fields=exact, gc=False
    )


def _json_type(field: Field) -> Any:
    if field.values:
        return Literal[field.values]
    if field.items is not None:
        return list[_json_type(field.items)]  # type: ignore[misc]
    if field.type == "record":
        typed_dict: Any = TypedDict  # made at run time, so beyond what a type checker follows
        return typed_dict(field.name, {inner.name: _json_type(inner) for inner in field.fields})
    types = {"string": str, "long": _INT64, "boolean": bool, "date": dt.date, "timestamp-millis": int | str}
    return types[field.type]
